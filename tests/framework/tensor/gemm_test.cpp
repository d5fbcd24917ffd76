#include "framework/tensor/gemm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include "framework/tensor/kernels.hpp"
#include "tests/framework/tensor/guarded_array.hpp"

using namespace unroll;

namespace {

struct Extents {
  std::int64_t m, n, k;
};

template <class T>
std::vector<T> wave_values(std::int64_t n, double phase) {
  std::vector<T> x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<T>(std::sin(0.7 * static_cast<double>(i) + phase));
  return x;
}

/// op(A)[i, j] of a matrix with `rows` rows and `columns` columns after op.
template <class T>
T operand_element(const std::vector<T>& a, bool transposed, std::int64_t rows, std::int64_t columns,
                  std::int64_t i, std::int64_t j) {
  return a[static_cast<std::size_t>(transposed ? j * rows + i : i * columns + j)];
}

/// The largest |C - exact| over the bound of a product in any order: k eps sum |a||b|.
template <class T>
double worst_error(bool ta, bool tb, Extents e, T beta) {
  const auto a = wave_values<T>(e.m * e.k, 0.1), b = wave_values<T>(e.k * e.n, 0.2),
             before = wave_values<T>(e.m * e.n, 0.3);
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
        const long double term = static_cast<long double>(operand_element(a, ta, e.m, e.k, i, p)) *
                                 operand_element(b, tb, e.k, e.n, p, j);
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

/// Each side of every border in the rule that picks a library, and empty ones.
const std::vector<Extents> sizes = {
    {1, 1, 1},     {1, 7, 5},     {5, 1, 7},     {7, 5, 1},     {3, 5, 7},     {17, 33, 9},   {20, 50, 2},
    {20, 16, 1},   {20, 100, 99}, {64, 31, 65},  {1, 256, 256}, {1, 48, 64},   {129, 1, 130}, {9, 1, 20},
    {20, 128, 64}, {20, 50, 50},  {16, 10, 600}, {130, 6, 200}, {40, 120, 40}, {3, 4, 2100},  {200, 2, 3},
    {16, 1, 64},   {300, 1, 1},   {1, 1, 33},    {1, 8, 8},     {1, 31, 64},   {1, 16, 65},   {32, 1, 1},
    {0, 3, 4},     {3, 0, 4},     {3, 4, 0},     {0, 0, 0}};

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

namespace {

/// A product of matrices whose rows lie apart, against the same one of contiguous copies.
template <class T>
void check_strides(bool ta, bool tb, Extents e, T beta) {
  const std::int64_t a_rows = ta ? e.k : e.m, a_columns = ta ? e.m : e.k;
  const std::int64_t b_rows = tb ? e.n : e.k, b_columns = tb ? e.k : e.n;
  const std::int64_t lda = a_columns + 3, ldb = b_columns + 5, ldc = e.n + 7;
  const auto a = wave_values<T>(a_rows * lda, 0.1), b = wave_values<T>(b_rows * ldb, 0.2);
  const auto before = wave_values<T>(e.m * ldc, 0.3);
  const auto tight = [](const std::vector<T>& x, std::int64_t rows, std::int64_t columns, std::int64_t ld) {
    std::vector<T> y;
    for (std::int64_t i = 0; i < rows; ++i) y.insert(y.end(), &x[i * ld], &x[i * ld] + columns);
    return y;
  };
  std::vector<T> c = before, expected = tight(before, e.m, e.n, ldc);
  gemm(ta, tb, e.m, e.n, e.k, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  gemm(ta, tb, e.m, e.n, e.k, tight(a, a_rows, a_columns, lda).data(),
       tight(b, b_rows, b_columns, ldb).data(), beta, expected.data());
  for (std::int64_t i = 0; i < e.m; ++i) {
    for (std::int64_t j = 0; j < e.n; ++j)
      REQUIRE(std::abs(c[i * ldc + j] - expected[i * e.n + j]) <=
              4 * static_cast<T>(e.k + 1) * std::numeric_limits<T>::epsilon());
    for (std::int64_t j = e.n; j < ldc; ++j) REQUIRE(c[i * ldc + j] == before[i * ldc + j]);
  }
}

/// Operands that end where memory ends, and others that begin where it begins.
template <class T>
void check_bounds(bool ta, bool tb, Extents e) {
  for (const Edge edge : {Edge::begin, Edge::end}) {
    GuardedArray<T> a(e.m * e.k, edge), b(e.k * e.n, edge), c(e.m * e.n, edge);
    for (T beta : {T(0), T(1)}) gemm(ta, tb, e.m, e.n, e.k, a.data(), b.data(), beta, c.data());
    for (std::int64_t i = 0; i < e.m * e.n; ++i) REQUIRE(c.data()[i] == T(0));
  }
}

/// The bits of many small products, each shape seen for the first time by whichever thread comes first.
std::vector<float> products_of_many_shapes(std::int64_t first_k) {
  std::vector<float> bits;
  for (std::int64_t k = first_k; k < first_k + 30; ++k)
    for (std::int64_t n : {16, 31, 64}) {
      const auto a = wave_values<float>(5 * k, 0.1), b = wave_values<float>(k * n, 0.2);
      std::vector<float> c(static_cast<std::size_t>(5 * n));
      gemm(false, false, 5, n, k, a.data(), b.data(), 0.0f, c.data());
      bits.insert(bits.end(), c.begin(), c.end());
    }
  return bits;
}

}  // namespace

TEST_CASE("[gemm] rows may lie apart, and what lies between the rows of C is left alone") {
  for (const Extents& e : sizes)
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        check_strides<float>(ta, tb, e, 0.0f);
        check_strides<float>(ta, tb, e, 1.0f);
        check_strides<double>(ta, tb, e, 0.0);
        check_strides<double>(ta, tb, e, 1.0);
      }
}

TEST_CASE("[gemm] no product touches memory outside its operands") {
  for (const Extents& e : sizes)
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        check_bounds<float>(ta, tb, e);
        check_bounds<double>(ta, tb, e);
      }
}

TEST_CASE("[gemm] only what oneDNN makes may throw once it is settled") {
  const ProductShape large{false, false, 2000, 2000, 2000}, row{false, false, 1, 16, 16};
  REQUIRE(float_library(large, {.isa = best_isa()}) == ProductLibrary::onednn);
  CHECK(held_product<float>(large, 0).may_throw());
  CHECK(held_product<float>(row, 0).may_throw() == (best_isa() == Isa::baseline));
  CHECK_FALSE(held_product<float>({false, false, 0, 16, 16}, 0).may_throw());
  for (const ProductShape& shape : {large, row}) CHECK_FALSE(held_product<double>(shape, 0).may_throw());
}

TEST_CASE("[gemm] threads that meet new shapes at the same time get the bits that one thread gets") {
  std::vector<std::vector<float>> found(6);
  std::vector<std::thread> threads;
  for (auto& bits : found)
    threads.emplace_back([&bits] {
      single_threaded_products();
      bits = products_of_many_shapes(200);
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& bits : found) REQUIRE(bits == products_of_many_shapes(200));
}

namespace {

/// How often a product made over and over, while others make theirs, differs from the first one.
template <class T>
int different_products(Extents e, T factor) {
  const auto a = wave_values<T>(e.m * e.k, static_cast<double>(factor)), b = wave_values<T>(e.k * e.n, 0.2);
  std::vector<T> first(static_cast<std::size_t>(e.m * e.n)), again(first.size());
  int different = 0;
  gemm(false, true, e.m, e.n, e.k, a.data(), b.data(), T(0), first.data());
  for (int repeat = 0; repeat < 8000; ++repeat) {
    gemm(false, true, e.m, e.n, e.k, a.data(), b.data(), T(0), again.data());
    if (again != first) ++different;
  }
  return different;
}

}  // namespace

// OpenBLAS built without threads and without locks fails this one: its callers share a buffer.
TEST_CASE("[gemm] products made at the same time do not disturb each other") {
  std::atomic<int> different = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&different, i] {
      single_threaded_products();
      different += different_products<double>({64, 96, 96}, 1.0 + i);
      different += different_products<float>({64, 96, 96}, 1.0f + static_cast<float>(i));
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(different == 0);
}

TEST_CASE("[gemm] flushing subnormals changes no product of ordinary numbers") {
  const auto kept = products_of_many_shapes(20);
  const FlushSubnormals flushed;
  CHECK(products_of_many_shapes(20) == kept);
}

TEST_CASE("[gemm] float products agree with exact sums for all transpositions, odd and empty extents") {
  check_products<float>();
}

TEST_CASE("[gemm] double products agree with exact sums for all transpositions, odd and empty extents") {
  check_products<double>();
}

namespace {

/// Every small shape, also through a product that is held: the bits are the same.
template <class T>
void check_small_products() {
  const std::vector<std::int64_t> extents = {1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 24, 33};
  for (std::int64_t m : extents)
    for (std::int64_t n : extents)
      for (std::int64_t k : extents)
        for (int flags = 0; flags < 8; ++flags) {
          const bool ta = (flags & 1) != 0, tb = (flags & 2) != 0;
          const T beta = (flags & 4) != 0 ? T{1} : T{0};
          INFO(m << " x " << n << " x " << k << ", flags " << flags);
          REQUIRE(worst_error<T>(ta, tb, {m, n, k}, beta) <= 1.0);
          const auto a = wave_values<T>(m * k, 0.1), b = wave_values<T>(k * n, 0.2);
          std::vector<T> c = wave_values<T>(m * n, 0.3), held = c;
          gemm(ta, tb, m, n, k, a.data(), b.data(), beta, c.data());
          held_product<T>({ta, tb, m, n, k}, beta)(a.data(), b.data(), held.data());
          REQUIRE(c == held);
        }
}

}  // namespace

TEST_CASE("[gemm] every small product agrees with the exact sum, and has the same bits where it is held") {
  check_small_products<float>();
  check_small_products<double>();
}

namespace {

/// What kernels.hpp says of a row's product.
template <class T>
T row_element(const std::vector<T>& a, const T* column, std::int64_t ldb, T start) {
  const auto k = static_cast<std::int64_t>(a.size());
  T part[4] = {start};
  for (std::int64_t p = 0; p < k; ++p) {
    T& sum = part[p < k / 4 * 4 ? p % 4 : 0];
    sum = std::fma(a[p], column[p * ldb], sum);
  }
  return (part[0] + part[2]) + (part[1] + part[3]);
}

template <class T>
void check_row(Isa isa, std::int64_t n, std::int64_t k, std::int64_t ldb, bool add) {
  INFO(name(isa) << ", 1 x " << n << " x " << k << " of rows " << ldb << " apart, added: " << add);
  const auto a = wave_values<T>(k, 0.1), b = wave_values<T>((k - 1) * ldb + n, 0.2),
             before = wave_values<T>(n, 0.3);
  for (const Edge edge : {Edge::begin, Edge::end}) {
    GuardedArray<T> guarded_b(static_cast<std::int64_t>(b.size()), edge), c(n, edge);
    std::copy(b.begin(), b.end(), guarded_b.data());
    std::copy(before.begin(), before.end(), c.data());
    kernels<T>(isa).row_product(a.data(), guarded_b.data(), ldb, c.data(), n, k, add);
    std::vector<T> product = before;
    gemm(false, false, 1, n, k, a.data(), k, b.data(), ldb, add ? T{1} : T{0}, product.data(), n);
    for (std::int64_t j = 0; j < n; ++j) {
      const T expected = row_element(a, &b[j], ldb, add ? before[j] : T{0});
      REQUIRE(c.data()[j] == expected);
      if (isa == best_isa() && (n > 1 || k <= 16)) REQUIRE(product[j] == expected);
    }
  }
}

template <class T>
void check_rows(Isa isa, std::int64_t longest) {
  for (std::int64_t n = 1; n <= longest; ++n)
    for (std::int64_t k : {1, 2, 3, 4, 5, 7, 8, 14, 63, 64})
      for (std::int64_t ldb : {n, n + 3})
        for (bool add : {false, true}) check_row<T>(isa, n, k, ldb, add);
}

}  // namespace

TEST_CASE("[gemm] the product of a short row is added in the order that its kernel says") {
  for (Isa isa : {Isa::avx2, Isa::avx512})
    if (supported(isa)) {
      const std::int64_t bytes = isa == Isa::avx512 ? 128 : 64;
      check_rows<float>(isa, bytes / 4);
      check_rows<double>(isa, bytes / 8);
    }
}

TEST_CASE("[gemm] a held product is made again and again, of other operands, by copies and by threads") {
  single_threaded_products();
  const HeldProduct<float> product = held_product<float>({false, false, 3, 8, 5}, 1.0f);
  const auto results = [&](const HeldProduct<float>& held) {
    std::vector<float> all;
    for (int i = 0; i < 20; ++i) {
      const auto a = wave_values<float>(15, i), b = wave_values<float>(40, 2 * i);
      std::vector<float> c = wave_values<float>(24, 3 * i), expected = c;
      held(a.data(), b.data(), c.data());
      gemm(false, false, 3, 8, 5, a.data(), b.data(), 1.0f, expected.data());
      REQUIRE(c == expected);
      all.insert(all.end(), c.begin(), c.end());
    }
    return all;
  };
  const HeldProduct<float> copy = product;
  std::vector<float> other;
  std::thread thread([&] { other = results(copy); });
  thread.join();
  CHECK(results(product) == other);
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
  const auto a = wave_values<float>(20 * 100, 0.1), b = wave_values<float>(100 * 100, 0.2);
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

TEST_CASE("[gemm] the report names all libraries and their kernels") {
  const BlasReport report = blas_report();
  CHECK(report.float_library.starts_with("oneDNN "));
  CHECK(report.double_library.starts_with("OpenBLAS "));
  CHECK(report.double_library.find(", ") != std::string::npos);
  CHECK(report.float_library.find("libxsmm ,") == std::string::npos);
  if (std::getenv("LIBXSMM_TARGET") == nullptr) {
    const bool made_here = report.float_library.find("; libxsmm 1.") != std::string::npos;
    CHECK(made_here == (best_isa() != Isa::baseline));
  }
  if (!report.wanted_core.empty()) CHECK(report.problem.find("OPENBLAS_CORETYPE") != std::string::npos);
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
