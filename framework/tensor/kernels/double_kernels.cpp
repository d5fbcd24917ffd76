#include "framework/tensor/kernels/table.hpp"

// Compiled once for each instruction set, with UNROLL_ISA set to its name.

namespace unroll::UNROLL_ISA {

const Kernels<double> double_kernels = all_kernels<double>();

}  // namespace unroll::UNROLL_ISA
