#pragma once

#include "framework/autodiff/op.hpp"

namespace unroll {

// Values without operands. The first three are filled by whoever runs the plan.
extern const Op input_op;
extern const Op index_input_op;
extern const Op step_index_op;  ///< inside a scan: the absolute time step, an integer scalar
extern const Op constant_op;
extern const Op fill_op;
extern const Op count_op;  ///< the number of elements of a shape, a real scalar

}  // namespace unroll
