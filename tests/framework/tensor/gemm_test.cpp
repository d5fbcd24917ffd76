#include "framework/tensor/gemm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace unroll;

namespace {

struct Extents {
  std::int64_t m, n, k;
};

template <class T>
std::vector<T> values(std::int64_t n, double phase) {
  std::vector<T> x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<T>(std::sin(0.7 * static_cast<double>(i) + phase));
  return x;
}

/// op(A)[i, j] of a matrix with `rows` rows and `columns` columns after op.
template <class T>
T element(const std::vector<T>& a, bool transposed, std::int64_t rows, std::int64_t columns, std::int64_t i,
          std::int64_t j) {
  return a[static_cast<std::size_t>(transposed ? j * rows + i : i * columns + j)];
}

/// The largest |C - exact| over the bound of a product in any order: k eps sum |a||b|.
template <class T>
double worst_error(bool ta, bool tb, Extents e, T beta) {
  const auto a = values<T>(e.m * e.k, 0.1), b = values<T>(e.k * e.n, 0.2), before = values<T>(e.m * e.n, 0.3);
  std::vector<T> c = before;
  if (beta == T(0)) c.assign(c.size(), std::numeric_limits<T>::quiet_NaN());
  gemm(ta, tb, e.m, e.n, e.k, a.data(), b.data(), beta, c.data());
  double worst = 0;
  for (std::int64_t i = 0; i < e.m; ++i)
    for (std::int64_t j = 0; j < e.n; ++j) {
      const auto at = static_cast<std::size_t>(i * e.n + j);
      long double exact = beta == T(0) ? 0.0L : before[at];
      long double size = std::fabs(exact);
      for (std::int64_t p = 0; p < e.k; ++p) {
        const long double term =
            static_cast<long double>(element(a, ta, e.m, e.k, i, p)) * element(b, tb, e.k, e.n, p, j);
        exact += term;
        size += std::fabs(term);
      }
      const long double bound = static_cast<long double>(e.k + 1) * std::numeric_limits<T>::epsilon() * size;
      const long double error = std::fabs(c[at] - exact);
      worst = std::max(worst, static_cast<double>(bound > 0 ? error / bound : (error > 0 ? 2 : 0)));
      if (std::isnan(c[at])) return std::numeric_limits<double>::infinity();
    }
  return worst;
}

const std::vector<Extents> sizes = {{1, 1, 1},     {1, 7, 5},   {5, 1, 7},      {7, 5, 1},    {3, 5, 7},
                                    {17, 33, 9},   {20, 50, 2}, {20, 100, 100}, {64, 31, 65}, {1, 256, 256},
                                    {129, 1, 130}, {0, 3, 4},   {3, 0, 4},      {3, 4, 0},    {0, 0, 0}};

template <class T>
void check_products() {
  for (const Extents& e : sizes)
    for (bool ta : {false, true})
      for (bool tb : {false, true})
        for (T beta : {T(0), T(1)}) {
          CAPTURE(e.m);
          CAPTURE(e.n);
          CAPTURE(e.k);
          CAPTURE(ta);
          CAPTURE(tb);
          CHECK(worst_error<T>(ta, tb, e, beta) <= 1.0);
        }
}

}  // namespace

TEST_CASE("[gemm] float products agree with exact sums for all transpositions, odd and empty extents") {
  check_products<float>();
}

TEST_CASE("[gemm] double products agree with exact sums for all transpositions, odd and empty extents") {
  check_products<double>();
}

TEST_CASE("[gemm] a product over an empty extent is zero, or leaves C with beta 1") {
  std::vector<float> c = {1, std::numeric_limits<float>::quiet_NaN()};
  gemm(false, false, 1, 2, 0, static_cast<float*>(nullptr), nullptr, 1.0f, c.data());
  CHECK(c[0] == 1.0f);
  CHECK(std::isnan(c[1]));
  gemm(false, false, 1, 2, 0, static_cast<float*>(nullptr), nullptr, 0.0f, c.data());
  CHECK(c == std::vector<float>{0, 0});
}

TEST_CASE("[gemm] NaN and infinity in an operand reach the product") {
  const std::vector<double> a = {1, std::numeric_limits<double>::quiet_NaN()}, b = {0, 0};
  double c = 0;
  gemm(false, false, 1, 1, 2, a.data(), b.data(), 0.0, &c);
  CHECK(std::isnan(c));
  const std::vector<float> af = {1, std::numeric_limits<float>::infinity()}, bf = {2, 3};
  float cf = 0;
  gemm(false, false, 1, 1, 2, af.data(), bf.data(), 0.0f, &cf);
  CHECK(cf == std::numeric_limits<float>::infinity());
}

TEST_CASE("[gemm] the same product has the same bits every time") {
  const auto a = values<float>(20 * 100, 0.1), b = values<float>(100 * 100, 0.2);
  std::vector<float> first(2000), again(2000);
  single_threaded_products();
  gemm(false, true, 20, 100, 100, a.data(), b.data(), 0.0f, first.data());
  for (int repeat = 0; repeat < 20; ++repeat) {
    gemm(false, true, 20, 100, 100, a.data(), b.data(), 0.0f, again.data());
    REQUIRE(first == again);
  }
}

TEST_CASE("[gemm] an extent that CBLAS cannot count is refused") {
  double x = 0;
  CHECK_THROWS_AS(gemm(false, false, 1, std::int64_t{1} << 31, 1, &x, &x, 0.0, &x), std::length_error);
}

TEST_CASE("[gemm] the report names both libraries and their kernels") {
  const BlasReport report = blas_report();
  CHECK(report.float_library.starts_with("oneDNN "));
  CHECK(report.double_library.starts_with("OpenBLAS "));
  CHECK(report.double_library.find(", ") != std::string::npos);
  CHECK(report.problem.empty() == report.wanted_core.empty());
}

TEST_CASE("[gemm] a core below what the CPU can do is noticed, one that fits is not") {
  CHECK(wanted_core("Prescott", Isa::avx512) == "SkylakeX");
  CHECK(wanted_core("Prescott", Isa::avx2) == "Haswell");
  CHECK(wanted_core("Barcelona", Isa::avx2) == "Haswell");
  CHECK(wanted_core("Sandybridge", Isa::avx512) == "SkylakeX");
  CHECK(wanted_core("Prescott", Isa::baseline).empty());
  for (const char* core : {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", "a later one"}) {
    CHECK(wanted_core(core, Isa::avx2).empty());
    CHECK(wanted_core(core, Isa::avx512).empty());
  }
}
