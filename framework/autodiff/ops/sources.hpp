#pragma once

#include "framework/autodiff/op.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// input, index_input.
struct InputAttrs {
  std::string name = {};
  static constexpr auto fields = std::tuple(field("name", &InputAttrs::name));
};

struct ConstantAttrs {
  std::shared_ptr<const Tensor<double>> tensor = {};
  static constexpr auto fields = std::tuple(field("tensor", &ConstantAttrs::tensor));
};

struct FillAttrs {
  double value = 0;
  Dims dims = {};
  static constexpr auto fields =
      std::tuple(field("value", &FillAttrs::value), field("dims", &FillAttrs::dims));
};

// Values without operands. The first three are filled by whoever runs the plan.
extern const Op input_op;
extern const Op index_input_op;
extern const Op step_index_op;  ///< inside a scan: the absolute time step, an integer scalar
extern const Op constant_op;
extern const Op fill_op;
extern const Op count_op;  ///< the number of elements of a shape, a real scalar

/// The name under which an input was recorded; empty for what is no input.
std::string input_name(const Attrs& attrs);

}  // namespace unroll
