#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm_rule.hpp"

namespace unroll {

/// A product of one shape, settled once and made again and again: everything but the operands, and who makes
/// it. Its bits are those of gemm(), which settles a product and makes it once. Copies may be shared by
/// threads.
template <class T>
struct HeldProduct {
  ProductShape shape;
  std::int64_t lda, ldb, ldc;
  T beta;
  void (*run)(const HeldProduct&, const T* a, const T* b, T* c);
  void (*code)() = nullptr;  ///< made for this shape, where a library makes some

  void operator()(const T* a, const T* b, T* c) const { run(*this, a, b, c); }
  /// Whether it adds up as RowProductKernel does.
  bool by_row_kernel() const;
  /// Whether std::runtime_error is possible: see gemm().
  bool may_throw() const;
};

/// Takes and throws what gemm() does, or takes contiguous matrices. May take microseconds, and a library's
/// lock.
template <class T>
HeldProduct<T> held_product(const ProductShape& shape, std::int64_t lda, std::int64_t ldb, T beta,
                            std::int64_t ldc);
template <class T>
HeldProduct<T> held_product(const ProductShape& shape, T beta);

/// C = op(A) op(B) + beta C, row-major, op(A) of shape (m, k), op(B) of shape (k, n); op transposes where
/// asked for, so that A is stored as (k, m) or B as (n, k). A stored row of A, B or C starts lda, ldb or ldc
/// elements after the one before, at least as many as a row has. beta is 0 (C is only written) or 1. The one
/// place where products are made, by oneDNN, OpenBLAS, libxsmm or a loop of our own as gemm_rule.hpp says. An
/// extent of 0 is allowed anywhere. Throws std::length_error where an extent of a double product is over 2^31
/// - 1, and std::runtime_error where oneDNN refuses.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc);

/// The same for contiguous matrices.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float beta, float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, double beta, double* c);

/// The libraries behind the products and the kernels they picked for this CPU.
struct BlasReport {
  std::string float_library;   ///< "oneDNN 2.6.3, avx512_core; libxsmm 1.17, skx; OpenBLAS 0.3.21, SkylakeX"
  std::string double_library;  ///< "OpenBLAS 0.3.21, SkylakeX; libxsmm 1.17, skx"
  /// Empty when all is well; else what is wrong, what it costs and what to do: kernels far below what this
  /// CPU can do, or a build that threads cannot share.
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
