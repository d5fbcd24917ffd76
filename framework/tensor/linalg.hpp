#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

// ---- Solving, on spans ------------------------------------------------------------------------------------
//
// op(A) X = B, all row-major and contiguous: A of shape (n, n), B and X of (n, columns); op transposes where
// asked for. X may be B itself, and overlaps nothing otherwise. T is float or double. Nothing is allocated.
// Where A is singular or not finite, X holds Inf and NaN: that is a value, not an error. Throws
// std::length_error where an extent is over 2^31 - 1.

/// Scratch memory that `solve` needs, for elements of `real_bytes` bytes; `solve_triangular` needs none.
std::size_t solve_workspace_bytes(std::int64_t n, std::int64_t columns, std::size_t real_bytes);

/// By LU factors with partial pivoting (LAPACK getrf). Throws std::invalid_argument when the workspace is too
/// small.
template <class T>
void solve(bool transpose, std::int64_t n, std::int64_t columns, const T* a, const T* b, T* x,
           std::span<std::byte> workspace);

/// By substitution. A's other triangle is not read, nor is its diagonal where that is said to be all ones.
template <class T>
void solve_triangular(bool lower, bool transpose, bool unit_diagonal, std::int64_t n, std::int64_t columns,
                      const T* a, const T* b, T* x, std::span<std::byte> workspace = {});

/// Scratch memory that `orthonormalise` needs.
std::size_t orthonormalise_workspace_bytes(std::int64_t m, std::int64_t n, std::size_t real_bytes);

/// Q of A = Q R with orthonormal columns and a positive diagonal of R: A and Q of shape (m, n), m >= n,
/// row-major and contiguous; Q may be A itself. By Householder reflections (LAPACK gelqf, orglq). Nothing is
/// allocated. What is not finite gives NaN. Throws std::invalid_argument when the workspace is too small.
template <class T>
void orthonormalise(std::int64_t m, std::int64_t n, const T* a, T* q, std::span<std::byte> workspace);

// ---- On tensors -------------------------------------------------------------------------------------------
//
// Shapes that do not fit throw std::invalid_argument naming the function and the shapes; so does what is not
// finite, except in the two solves, which let it through as above.

template <class T>
Tensor<T> solve(const Tensor<T>& a, const Tensor<T>& b, bool transpose = false);

template <class T>
Tensor<T> solve_triangular(const Tensor<T>& a, const Tensor<T>& b, bool lower, bool transpose = false,
                           bool unit_diagonal = false);

/// A = Q R with k = min(m, n): Q of shape (m, k) with orthonormal columns, R of (k, n), upper triangular.
struct Qr {
  Tensor<double> q;
  Tensor<double> r;
};

/// The factors of a matrix (m, n), with the signs that make R's diagonal positive. With them Q is unique
/// where A has full rank, and distributed by Haar's measure where A's elements are independent and normal
/// (Mezzadri 2007, "How to generate random matrices from the classical compact groups", section 5).
Qr qr(const Tensor<double>& a);

/// The min(m, n) singular values of a matrix (m, n), largest first.
Tensor<double> singular_values(const Tensor<double>& a);

/// A = U diag(s) V with k = min(m, n): V of shape (k, n) has orthonormal rows, s falls. U is left out.
struct Svd {
  Tensor<double> s;
  Tensor<double> v;
};

Svd svd(const Tensor<double>& a);

/// The n eigenvalues of a matrix (n, n), by falling magnitude.
std::vector<std::complex<double>> eigenvalues(const Tensor<double>& a);

/// The largest magnitude of an eigenvalue; 0 for a matrix without elements.
double spectral_radius(const Tensor<double>& a);

}  // namespace unroll
