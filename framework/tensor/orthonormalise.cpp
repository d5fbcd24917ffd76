#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include "framework/tensor/linalg.hpp"

// LAPACK's own symbols, which OpenBLAS holds: what xtensor-blas offers allocates.
extern "C" {
void sgelqf_(const int* m, const int* n, float* a, const int* lda, float* tau, float* work, const int* lwork,
             int* info);
void dgelqf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work,
             const int* lwork, int* info);
void sorglq_(const int* m, const int* n, const int* k, float* a, const int* lda, const float* tau,
             float* work, const int* lwork, int* info);
void dorglq_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau,
             double* work, const int* lwork, int* info);
}

namespace unroll {
namespace {

/// Columns that LAPACK works on at a time.
constexpr std::int64_t block = 32;

int lapack_extent(std::int64_t extent) {
  if (extent > std::numeric_limits<int>::max())
    throw std::length_error(fmt::format("[linalg] LAPACK takes extents up to {}, but one is {}",
                                        std::numeric_limits<int>::max(), extent));
  return static_cast<int>(extent);
}

/// Factors L Q of a matrix by columns, with n rows of m numbers.
template <class T>
struct Factors {
  int n, m, work_size;
  T *a, *tau, *diagonal, *work;

  void make();
  void make_rows();
};

template <>
void Factors<float>::make() {
  int info = 0;
  sgelqf_(&n, &m, a, &n, tau, work, &work_size, &info);
}
template <>
void Factors<double>::make() {
  int info = 0;
  dgelqf_(&n, &m, a, &n, tau, work, &work_size, &info);
}
template <>
void Factors<float>::make_rows() {
  int info = 0;
  sorglq_(&n, &m, &n, a, &n, tau, work, &work_size, &info);
}
template <>
void Factors<double>::make_rows() {
  int info = 0;
  dorglq_(&n, &m, &n, a, &n, tau, work, &work_size, &info);
}

template <class T>
Factors<T> factors(std::int64_t m, std::int64_t n, T* a, std::span<std::byte> bytes) {
  const std::size_t needed = orthonormalise_workspace_bytes(m, n, sizeof(T));
  if (bytes.size() < needed)
    throw std::invalid_argument(
        fmt::format("[linalg] orthonormalise needs {} bytes of workspace for n = {}, but was given {}",
                    needed, n, bytes.size()));
  void* start = bytes.data();
  std::size_t space = bytes.size();
  std::align(alignof(T), sizeof(T), start, space);
  T* const tau = static_cast<T*>(start);
  return {lapack_extent(n), lapack_extent(m), lapack_extent(n * block), a, tau, tau + n, tau + 2 * n};
}

}  // namespace

std::size_t orthonormalise_workspace_bytes(std::int64_t, std::int64_t n, std::size_t real_bytes) {
  return static_cast<std::size_t>(n * (2 + block)) * real_bytes + alignof(double);
}

// LAPACK reads columns, so to it A is Aᵀ = Rᵀ Qᵀ, a lower triangle times orthonormal rows: its L Q.
template <class T>
void orthonormalise(std::int64_t m, std::int64_t n, const T* a, T* q, std::span<std::byte> workspace) {
  if (m < n)
    throw std::invalid_argument(fmt::format(
        "[linalg] orthonormalise takes at least as many rows as columns, but was given ({}, {})", m, n));
  if (n == 0) return;
  if (q != a) std::copy_n(a, m * n, q);
  Factors<T> lq = factors(m, n, q, workspace);
  lq.make();
  for (std::int64_t j = 0; j < n; ++j) lq.diagonal[j] = q[j * n + j];
  lq.make_rows();
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t i = 0; i < m && lq.diagonal[j] < 0; ++i) q[i * n + j] = -q[i * n + j];
}

template void orthonormalise(std::int64_t, std::int64_t, const float*, float*, std::span<std::byte>);
template void orthonormalise(std::int64_t, std::int64_t, const double*, double*, std::span<std::byte>);

}  // namespace unroll
