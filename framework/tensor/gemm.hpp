#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/tensor/cpu.hpp"

namespace unroll {

/// C = op(A) op(B) + beta C, row-major and contiguous, op(A) of shape (m, k), op(B) of shape (k, n); op
/// transposes where asked for, so that A is stored as (k, m) or B as (n, k). beta is 0 (C is only written)
/// or 1. The one place where products are made: float by oneDNN, double by CBLAS. An extent of 0 is allowed
/// anywhere. Throws std::length_error where an extent of a double product is over 2^31 - 1, and
/// std::runtime_error where oneDNN refuses.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float beta, float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, double beta, double* c);

/// The libraries behind the products and the kernels they picked for this CPU.
struct BlasReport {
  std::string float_library;   ///< "oneDNN 2.6.3, avx512_core"
  std::string double_library;  ///< "OpenBLAS 0.3.21, SkylakeX"
  /// Empty when all is well; else what is wrong, what it costs and what to do: a kernel far below what this
  /// CPU can do.
  std::string problem;
  /// The value of OPENBLAS_CORETYPE that cures the problem; empty when there is none. OpenBLAS reads the
  /// variable when it is loaded, so a program can only set it and start itself again.
  std::string wanted_core;
};
BlasReport blas_report();

/// The core OpenBLAS should use on a CPU with `isa` instead of `core`, its own name of a set of kernels:
/// empty when `core` is good enough, which is any that uses AVX2 where the CPU has it.
std::string wanted_core(std::string_view core, Isa isa);

/// Keeps products on the calling thread: call once at the start of every thread that multiplies.
void single_threaded_products();

}  // namespace unroll
