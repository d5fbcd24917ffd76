#pragma once

#include <cstdint>
#include <string>

namespace unroll {

/// C = op(A) op(B) + beta C, row-major and contiguous, op(A) of shape (m, k), op(B) of shape (k, n); op
/// transposes where asked for, so that A is stored as (k, m) or B as (n, k). beta is 0 (C is only written)
/// or 1. The one place where products are made: float by oneDNN, double by CBLAS, one thread each.
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
};
BlasReport blas_report();

/// Keeps products on the calling thread: call once at the start of every thread that multiplies.
void single_threaded_products();

}  // namespace unroll
