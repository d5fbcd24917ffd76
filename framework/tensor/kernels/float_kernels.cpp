#include "framework/tensor/kernels/table.hpp"

// Compiled once for each instruction set, with UNROLL_ISA set to its name.

namespace unroll::UNROLL_ISA {

const Kernels<float> float_kernels = all_kernels<float>();

}  // namespace unroll::UNROLL_ISA
