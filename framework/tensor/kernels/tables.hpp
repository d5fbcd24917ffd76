#pragma once

#include "framework/tensor/kernels.hpp"

// The tables of kernels, one pair for each instruction set that the files *_kernels.cpp are compiled for.

namespace unroll {

namespace baseline {
extern const Kernels<float> float_kernels;
extern const Kernels<double> double_kernels;
}  // namespace baseline

namespace avx2 {
extern const Kernels<float> float_kernels;
extern const Kernels<double> double_kernels;
}  // namespace avx2

namespace avx512 {
extern const Kernels<float> float_kernels;
extern const Kernels<double> double_kernels;
}  // namespace avx512

}  // namespace unroll
