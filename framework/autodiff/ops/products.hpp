#pragma once

#include "framework/autodiff/op.hpp"

namespace unroll {

struct MatmulAttrs {
  bool transpose_a = false, transpose_b = false;  ///< use the operand's transpose
  static constexpr auto fields = std::tuple(field("transpose_a", &MatmulAttrs::transpose_a),
                                            field("transpose_b", &MatmulAttrs::transpose_b));
};

/// A product with at most so many numbers of a row takes less than to store its result and load it again.
constexpr std::int64_t few_columns = 4;

}  // namespace unroll
