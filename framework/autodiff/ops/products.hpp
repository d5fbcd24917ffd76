#pragma once

#include "framework/autodiff/op.hpp"

namespace unroll {

struct MatmulAttrs {
  bool transpose_a = false, transpose_b = false;  ///< use the operand's transpose
  static constexpr auto fields = std::tuple(field("transpose_a", &MatmulAttrs::transpose_a),
                                            field("transpose_b", &MatmulAttrs::transpose_b));
};

}  // namespace unroll
