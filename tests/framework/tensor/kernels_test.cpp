#include "framework/tensor/kernels.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tests/framework/tensor/ulp.hpp"

using namespace unroll;

namespace {

template <class T>
constexpr T infinity_of = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// Values of both signs and many sizes, with zeros, infinities, NaN and a subnormal among them.
template <class T>
std::vector<T> mixed_values(std::size_t n, double phase) {
  const std::vector<T> special = {
      T(0), T(-0.0), infinity_of<T>, -infinity_of<T>, nan<T>, std::numeric_limits<T>::denorm_min()};
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto t = static_cast<double>(i);
    x[i] = static_cast<T>(std::sin(1.7 * t + phase) * std::exp(4 * std::cos(0.9 * t + phase)));
    if (i % 7 == 3) x[i] = special[(i / 7) % special.size()];
  }
  return x;
}

template <class T>
T one(const Kernels<T>& k, Unary f, T x) {
  T y{};
  k[f](&x, &y, 1);
  return y;
}

template <class T>
T one(const Kernels<T>& k, Binary f, T a, T b) {
  T y{};
  k[f](&a, 1, &b, 1, &y, 1);
  return y;
}

template <class T>
void check_unary_positions(Isa isa) {
  const Kernels<T>& k = kernels<T>(isa);
  const std::vector<T> x = mixed_values<T>(160, 0.1);
  for (int f = 0; f < unary_count; ++f) {
    CAPTURE(f);
    std::vector<T> expected(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) expected[i] = one(k, static_cast<Unary>(f), x[i]);
    for (std::size_t offset = 0; offset < 70; ++offset)
      for (std::size_t length = 1; length <= 70; ++length) {
        std::vector<T> apart(length + 2, T(42));
        k.unary[f](x.data() + offset, apart.data() + 1, static_cast<std::int64_t>(length));
        std::vector<T> in_place(x.begin(), x.end());
        k.unary[f](in_place.data() + offset, in_place.data() + offset, static_cast<std::int64_t>(length));
        REQUIRE(std::memcmp(apart.data() + 1, &expected[offset], length * sizeof(T)) == 0);
        REQUIRE(std::memcmp(&in_place[offset], &expected[offset], length * sizeof(T)) == 0);
        REQUIRE((apart.front() == T(42) && apart.back() == T(42)));
        REQUIRE(same_bits(in_place[offset + length], x[offset + length]));
      }
  }
}

template <class T>
void check_binary_positions(Isa isa) {
  const Kernels<T>& k = kernels<T>(isa);
  const std::vector<T> a = mixed_values<T>(100, 0.1), b = mixed_values<T>(100, 2.3);
  for (int f = 0; f < binary_count; ++f)
    for (std::size_t a_step : {0, 1})
      for (std::size_t b_step : {0, 1})
        for (std::size_t offset : {0, 1, 7, 16})
          for (std::size_t length = 1; length <= 70; ++length) {
            std::vector<T> y(length + 2, T(42));
            k.binary[f](&a[offset], static_cast<std::int64_t>(a_step), &b[offset],
                        static_cast<std::int64_t>(b_step), y.data() + 1, static_cast<std::int64_t>(length));
            for (std::size_t i = 0; i < length; ++i)
              REQUIRE(same_bits(
                  y[i + 1], one(k, static_cast<Binary>(f), a[offset + i * a_step], b[offset + i * b_step])));
            REQUIRE((y.front() == T(42) && y.back() == T(42)));
          }
}

template <class T>
void check_values(Isa isa) {
  const Kernels<T>& k = kernels<T>(isa);
  CHECK(one(k, Unary::neg, T(3)) == T(-3));
  CHECK(std::signbit(one(k, Unary::neg, T(0))));
  CHECK(one(k, Unary::sqrt, T(9)) == T(3));
  CHECK(std::isnan(one(k, Unary::sqrt, T(-1))));
  CHECK(one(k, Unary::square, T(-3)) == T(9));
  CHECK(one(k, Unary::abs, T(-3)) == T(3));
  CHECK(one(k, Unary::abs, -infinity_of<T>) == infinity_of<T>);
  CHECK(one(k, Unary::sign, T(-3)) == T(-1));
  CHECK(one(k, Unary::sign, T(3)) == T(1));
  CHECK(one(k, Unary::sign, T(0)) == T(0));
  CHECK(one(k, Unary::relu, T(-3)) == T(0));
  CHECK(one(k, Unary::relu, T(-0.0)) == T(0));
  CHECK(one(k, Unary::relu, infinity_of<T>) == infinity_of<T>);
  CHECK(one(k, Unary::log, T(0)) == -infinity_of<T>);
  CHECK(one(k, Unary::softplus, T(1000)) == T(1000));
  CHECK(one(k, Unary::softplus, T(-1000)) == T(0));
  CHECK(one(k, Unary::softplus, T(0)) == doctest::Approx(std::log(2.0)));
  CHECK(one(k, Unary::sigmoid, T(2)) == doctest::Approx(1 / (1 + std::exp(-2.0))));
  CHECK(one(k, Unary::tanh, T(0.3)) == doctest::Approx(std::tanh(0.3)));
  CHECK(one(k, Binary::add, T(3), T(4)) == T(7));
  CHECK(one(k, Binary::sub, T(3), T(4)) == T(-1));
  CHECK(one(k, Binary::mul, T(3), T(4)) == T(12));
  CHECK(one(k, Binary::div, T(3), T(4)) == T(0.75));
  CHECK(one(k, Binary::div, T(3), T(0)) == infinity_of<T>);
  CHECK(one(k, Binary::pow, T(3), T(4)) == T(81));
  CHECK(one(k, Binary::maximum, T(3), T(4)) == T(4));
  CHECK(one(k, Binary::maximum, T(4), T(3)) == T(4));
}

template <class T>
void check_nan(Isa isa) {
  const Kernels<T>& k = kernels<T>(isa);
  for (int f = 0; f < unary_count; ++f) CHECK(std::isnan(one(k, static_cast<Unary>(f), nan<T>)));
  for (Binary f : {Binary::add, Binary::sub, Binary::mul, Binary::div, Binary::pow, Binary::maximum}) {
    CHECK(std::isnan(one(k, f, nan<T>, T(2))));
    CHECK(std::isnan(one(k, f, T(2), nan<T>)));
  }
}

template <class T>
void check_comparisons(Isa isa) {
  const Kernels<T>& k = kernels<T>(isa);
  const std::vector<T> values = {T(-1), T(-0.0), T(0), T(2), infinity_of<T>, -infinity_of<T>, nan<T>};
  for (T a : values)
    for (T b : values) {
      CHECK(one(k, Binary::less, a, b) == T(a < b));
      CHECK(one(k, Binary::less_equal, a, b) == T(a <= b));
      CHECK(one(k, Binary::greater, a, b) == T(a > b));
      CHECK(one(k, Binary::greater_equal, a, b) == T(a >= b));
      CHECK(one(k, Binary::equal, a, b) == T(a == b));
      CHECK(one(k, Binary::not_equal, a, b) == T(a != b));
    }
}

/// The sum in the order that the header promises, written down once more.
template <class T>
T sum_of_sixteen(const std::vector<T>& x, std::size_t n) {
  T value[16] = {};
  for (std::size_t i = 0; i < n; ++i) value[i % 16] += x[i];
  for (std::size_t half : {8, 4, 2, 1})
    for (std::size_t j = 0; j < half; ++j) value[j] += value[j + half];
  return value[0];
}

template <class T>
void check_sum(Isa isa) {
  std::vector<T> x(4099);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<T>(std::sin(0.37 * static_cast<double>(i)) + 0.1);
  for (std::size_t n : {0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 2560, 4099})
    CHECK(same_bits(kernels<T>(isa).sum(x.data(), static_cast<std::int64_t>(n)), sum_of_sixteen(x, n)));
}

template <class T>
void check_max(Isa isa) {
  const Kernels<T>& k = kernels<T>(isa);
  CHECK(k.max(nullptr, 0) == -infinity_of<T>);
  for (std::size_t n = 1; n <= 40; ++n)
    for (std::size_t at = 0; at < n; ++at) {
      std::vector<T> x(n, T(-5));
      x[at] = T(-2);
      CHECK(k.max(x.data(), static_cast<std::int64_t>(n)) == T(-2));
      x[at] = nan<T>;
      CHECK(std::isnan(k.max(x.data(), static_cast<std::int64_t>(n))));
    }
}

}  // namespace

TEST_CASE("[kernels] an element has the same bits at every offset and length, in place and not") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    check_unary_positions<float>(isa);
    check_unary_positions<double>(isa);
  }
}

TEST_CASE("[kernels] a pair has the same bits at every offset, length and combination of steps") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    check_binary_positions<float>(isa);
    check_binary_positions<double>(isa);
  }
}

TEST_CASE("[kernels] functions have their values at places where they are known") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    check_values<float>(isa);
    check_values<double>(isa);
  }
}

TEST_CASE("[kernels] NaN goes through every function that is not a comparison") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    check_nan<float>(isa);
    check_nan<double>(isa);
  }
}

TEST_CASE("[kernels] comparisons follow IEEE 754") {
  for (Isa isa : supported_isas()) {
    check_comparisons<float>(isa);
    check_comparisons<double>(isa);
  }
}

TEST_CASE("[kernels] a sum has the promised order, and so the same bits, on every instruction set") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    check_sum<float>(isa);
    check_sum<double>(isa);
  }
}

TEST_CASE("[kernels] the maximum of a span is found wherever it stands, and NaN wins") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    check_max<float>(isa);
    check_max<double>(isa);
  }
}

TEST_CASE("[kernels] a double sigmoid keeps its relative accuracy where it is tiny") {
  const double x = -740;
  CHECK(one(kernels<double>(), Unary::sigmoid, x) == std::exp(x));
  CHECK(one(kernels<double>(), Unary::sigmoid, -infinity_of<double>) == 0.0);
  CHECK(one(kernels<double>(), Unary::sigmoid, infinity_of<double>) == 1.0);
}
