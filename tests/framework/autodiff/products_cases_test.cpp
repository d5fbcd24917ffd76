#include <doctest/doctest.h>

#include "framework/autodiff/directions.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

using sizes::B;
using sizes::T;

Index with_last_two(const Index& index, std::int64_t i, std::int64_t j) {
  Index result = index;
  result[result.size() - 2] = i;
  result[result.size() - 1] = j;
  return result;
}

/// x with its last two axes swapped.
Array swapped(const Array& x) {
  Shape shape = x.shape;
  const std::size_t rank = shape.rank();
  std::swap(shape[rank - 2], shape[rank - 1]);
  return generate(shape, [&](const Index& i) { return x.at(with_last_two(i, i[rank - 1], i[rank - 2])); });
}

Array product(const Array& a, const Array& b) {
  Shape shape = a.shape;
  const std::size_t rank = shape.rank();
  const std::int64_t inner = shape[rank - 1];
  shape[rank - 1] = b.shape.back();
  return generate(shape, [&](const Index& index) {
    Real total = 0;
    for (std::int64_t k = 0; k < inner; ++k)
      total +=
          a.at(with_last_two(index, index[rank - 2], k)) * b.stretched(with_last_two(index, k, index.back()));
    return total;
  });
}

OpCase matmul_case(Dims a, Dims b, bool transpose_a, bool transpose_b) {
  return {
      .op = "matmul",
      .label = std::string(transpose_a ? "transposed " : "") + "by" + (transpose_b ? " transposed" : ""),
      .operands = {{std::move(a)}, {std::move(b)}},
      .record = [=](const std::vector<Var>& in) { return matmul(in[0], in[1], transpose_a, transpose_b); },
      .reference =
          [=](const std::vector<Array>& in) {
            return product(transpose_a ? swapped(in[0]) : in[0], transpose_b ? swapped(in[1]) : in[1]);
          }};
}

Dims swapped(Dims dims) {
  std::swap(dims[dims.size() - 2], dims[dims.size() - 1]);
  return dims;
}

/// X with A X = B, by Gauss-Jordan elimination with partial pivoting.
Array eliminated(Array a, Array b) {
  const std::int64_t n = a.shape[0], columns = b.shape[1];
  for (std::int64_t p = 0; p < n; ++p) {
    std::int64_t pivot = p;
    for (std::int64_t i = p; i < n; ++i)
      if (std::abs(a.at({i, p})) > std::abs(a.at({pivot, p}))) pivot = i;
    for (std::int64_t j = 0; j < n; ++j) std::swap(a.at({p, j}), a.at({pivot, j}));
    for (std::int64_t j = 0; j < columns; ++j) std::swap(b.at({p, j}), b.at({pivot, j}));
    for (std::int64_t i = 0; i < n; ++i) {
      if (i == p) continue;
      const Real factor = a.at({i, p}) / a.at({p, p});
      for (std::int64_t j = 0; j < n; ++j) a.at({i, j}) -= factor * a.at({p, j});
      for (std::int64_t j = 0; j < columns; ++j) b.at({i, j}) -= factor * b.at({p, j});
    }
  }
  return generate(b.shape, [&](const Index& i) { return b.at(i) / a.at({i[0], i[0]}); });
}

bool in_triangle(const Index& index, bool lower, bool strict) {
  const std::int64_t i = index[index.size() - 2], j = index[index.size() - 1];
  if (i == j) return !strict;
  return lower ? i > j : i < j;
}

Array triangle_of(const Array& a, bool lower, bool strict, bool unit_diagonal) {
  return generate(a.shape, [&](const Index& i) {
    if (unit_diagonal && i[0] == i[1]) return Real{1};
    return in_triangle(i, lower, strict) ? a.at(i) : Real{0};
  });
}

/// Matrix i of several, or the only one.
Array matrix(const Array& all, std::int64_t i) {
  if (all.shape.rank() == 2) return all;
  return generate({all.shape[1], all.shape[2]}, [&](const Index& at) { return all.at({i, at[0], at[1]}); });
}

/// What `of_one` makes of each matrix of `a`, and of `b` beside it.
Array each_matrix(const Array& a, const Array& b,
                  const std::function<Array(const Array&, const Array&)>& of_one) {
  if (a.shape.rank() == 2) return of_one(a, b);
  std::vector<Array> made;
  for (std::int64_t i = 0; i < a.shape[0]; ++i) made.push_back(of_one(matrix(a, i), matrix(b, i)));
  return generate(b.shape, [&](const Index& at) {
    return made[static_cast<std::size_t>(at[0])].at({at[1], at[2]});
  });
}

Dims behind(const Dims& first, Dims dims) {
  dims.insert(dims.begin(), first.begin(), first.end());
  return dims;
}

/// `batch`: axes in front, none or one.
OpCase solve_case(Dim n, Dim columns, bool transpose, const Dims& batch = {}) {
  return {.op = "solve",
          .label = transpose ? "transposed" : "",
          .operands = {{behind(batch, {n, n}), Draw::dominant}, {behind(batch, {n, columns})}},
          .record = [=](const std::vector<Var>& in) { return solve(in[0], in[1], transpose); },
          .reference =
              [=](const std::vector<Array>& in) {
                return each_matrix(transpose ? swapped(in[0]) : in[0], in[1], eliminated);
              },
          .passes_special_values = false};
}

/// Gram and Schmidt's columns, one after the other.
Array orthonormal_columns(const Array& a, const Array&) {
  Array q = a;
  const std::int64_t m = a.shape[0], n = a.shape[1];
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t k = 0; k < j; ++k) {
      Real inner = 0;
      for (std::int64_t i = 0; i < m; ++i) inner += q.at({i, k}) * q.at({i, j});
      for (std::int64_t i = 0; i < m; ++i) q.at({i, j}) -= inner * q.at({i, k});
    }
    Real square = 0;
    for (std::int64_t i = 0; i < m; ++i) square += q.at({i, j}) * q.at({i, j});
    for (std::int64_t i = 0; i < m; ++i) q.at({i, j}) /= std::sqrt(square);
  }
  return q;
}

OpCase orthonormalise_case(Dims dims, Draw draw) {
  return {.op = "orthonormalise",
          .label = "",
          .operands = {{std::move(dims), draw}},
          .record = [](const std::vector<Var>& in) { return orthonormalise(in[0]); },
          .reference =
              [](const std::vector<Array>& in) { return each_matrix(in[0], in[0], orthonormal_columns); },
          .passes_special_values = false};
}

OpCase solve_triangular_case(Dim n, Dim columns, bool lower, bool transpose, bool unit,
                             const Dims& batch = {}) {
  const auto reference = [=](const std::vector<Array>& in) {
    return each_matrix(in[0], in[1], [=](const Array& full, const Array& b) {
      const Array a = triangle_of(full, lower, false, unit);
      return eliminated(transpose ? swapped(a) : a, b);
    });
  };
  return {
      .op = "solve_triangular",
      .label = std::string(lower ? "lower" : "upper") + (transpose ? " transposed" : "") +
               (unit ? " unit diagonal" : ""),
      .operands = {{behind(batch, {n, n}), Draw::dominant}, {behind(batch, {n, columns})}},
      .record =
          [=](const std::vector<Var>& in) { return solve_triangular(in[0], in[1], lower, transpose, unit); },
      .reference = reference,
      .passes_special_values = false};
}

OpCase triangle_case(Dims dims, bool lower, bool strict) {
  return {.op = "triangle",
          .label = std::string(strict ? "strictly " : "") + (lower ? "lower" : "upper"),
          .operands = {{std::move(dims)}},
          .record = [=](const std::vector<Var>& in) { return triangle(in[0], lower, strict); },
          .reference =
              [=](const std::vector<Array>& in) {
                return generate(in[0].shape, [&](const Index& i) {
                  return in_triangle(i, lower, strict) ? in[0].at(i) : Real{0};
                });
              }};
}

}  // namespace

std::vector<OpCase> product_cases() {
  std::vector<OpCase> cases;
  const std::vector<std::pair<Dims, Dims>> shapes = {
      {{2, 3}, {3, 4}},       {{T, 3}, {3, B}},       {{3, T}, {T, 2}}, {{B, T}, {T, B}},
      {{T, 2, 3}, {T, 3, 4}}, {{3, T, B}, {3, B, 2}}, {{1, 1}, {1, 1}}, {{17, 33}, {33, 19}}};
  for (const auto& [a, b] : shapes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        cases.push_back(matmul_case(ta ? swapped(a) : a, tb ? swapped(b) : b, ta, tb));
  for (const bool tb : {false, true}) {
    cases.push_back(matmul_case({T, B, 3}, tb ? Dims{4, 3} : Dims{3, 4}, false, tb));
    cases.push_back(matmul_case({2, T, 2, 3}, tb ? Dims{B, 3} : Dims{3, B}, false, tb));
  }
  return cases;
}

std::vector<OpCase> solve_cases() {
  std::vector<OpCase> cases;
  for (const bool transpose : {false, true}) {
    cases.push_back(solve_case(3, 2, transpose));
    cases.push_back(solve_case(1, 1, transpose));
    cases.push_back(solve_case(T, B, transpose));
    cases.push_back(solve_case(3, 2, transpose, {B}));
  }
  for (const bool lower : {false, true})
    for (const bool transpose : {false, true})
      for (const bool unit : {false, true}) {
        cases.push_back(solve_triangular_case(3, 2, lower, transpose, unit));
        cases.push_back(solve_triangular_case(T, B, lower, transpose, unit));
        cases.push_back(solve_triangular_case(3, 2, lower, transpose, unit, {B}));
      }
  for (const Dims& dims : {Dims{4, 2}, Dims{B, 4, 3}, Dims{5, 1}, Dims{2, 3, 2}})
    cases.push_back(orthonormalise_case(dims, Draw::domain));
  for (const Dims& dims : {Dims{3, 3}, Dims{T, T}, Dims{B, 3, 3}})
    cases.push_back(orthonormalise_case(dims, Draw::dominant));
  for (const Dims& dims : {Dims{3, 3}, Dims{2, 4}, Dims{4, 2}, Dims{2, T, B}, Dims{1, 1}})
    for (const bool lower : {false, true})
      for (const bool strict : {false, true}) cases.push_back(triangle_case(dims, lower, strict));
  return cases;
}

TEST_CASE("[conformance] a triangular solve reads neither the other triangle nor a unit diagonal") {
  const double nan = std::nan("");
  const OpCase c = solve_triangular_case(3, 2, true, false, true);
  const Recorded recorded(c);
  Point point = sample(c, ordinary);
  const Tensor<double> want = evaluate<double>(recorded, point, {recorded.result})[0];
  for (const std::int64_t hidden : {0, 1, 2, 4, 5, 8}) point.real[0][hidden] = nan;
  CHECK(evaluate<double>(recorded, point, {recorded.result})[0].same_bits(want));
}

TEST_CASE(
    "[conformance] a singular or non-finite system gives values that are not finite, and no exception") {
  for (const double broken : {0.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    const OpCase c = solve_case(2, 1, false);
    const Recorded recorded(c);
    Point point = sample(c, ordinary);
    for (double& x : point.real[0].span()) x = broken;
    const Tensor<double> x = evaluate<double>(recorded, point, {recorded.result})[0];
    CHECK_FALSE((std::isfinite(x[0]) && std::isfinite(x[1])));
  }
}

}  // namespace unroll::conformance
