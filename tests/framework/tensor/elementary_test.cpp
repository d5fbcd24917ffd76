#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "framework/tensor/kernels.hpp"

using namespace unroll;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float smallest = std::numeric_limits<float>::denorm_min();

std::vector<Isa> supported_isas() {
  std::vector<Isa> isas;
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512})
    if (supported(isa)) isas.push_back(isa);
  return isas;
}

long double exact(Unary f, long double x) {
  switch (f) {
    case Unary::exp:
      return std::exp(x);
    case Unary::tanh:
      return std::tanh(x);
    case Unary::sigmoid:
      return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    case Unary::log:
      return std::log(x);
    case Unary::sin:
      return std::sin(x);
    case Unary::cos:
      return std::cos(x);
    case Unary::softplus:
      return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::fabs(x)));
    default:
      throw std::logic_error("no exact value of this function");
  }
}

/// |y - exact| in units of the last place of a float near `exact`; 0 where both are the same infinity or NaN.
double error_in_ulp(float y, long double value) {
  if (std::isnan(value)) return std::isnan(y) ? 0 : inf;
  const float rounded = static_cast<float>(value);
  if (std::isinf(rounded) || std::isinf(y)) return y == rounded ? 0 : inf;
  int exponent = 0;
  std::frexp(value, &exponent);
  const long double ulp = std::ldexp(1.0L, std::max(exponent - 24, -149));
  return static_cast<double>(std::fabs(y - value) / ulp);
}

/// Every 2,053th float (a prime, so that all low bits occur), and all near the places where something ends.
std::vector<float> whole_range() {
  std::vector<float> x = {0.0f, -0.0f, inf, -inf, nan, -nan, smallest, -smallest, 1.0f, -1.0f};
  for (std::uint64_t bits = 0; bits < (1ull << 32); bits += 2053)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (float end : {88.37626f, 88.72283f, 87.33654f, 103.97208f, 103.27893f, 104.0f, 89.0f, 9.01f, 9.25f,
                    0.625f, 0.34657f, 1.17549435e-38f, 3.4028235e38f, 17.32868f})
    for (int step = -2000; step <= 2000; ++step) {
      const auto bits = std::bit_cast<std::uint32_t>(end) + static_cast<std::uint32_t>(step);
      x.push_back(std::bit_cast<float>(bits));
      x.push_back(-std::bit_cast<float>(bits));
    }
  return x;
}

struct Worst {
  double ulp = 0;
  float x = 0;
};

Worst worst_error(Unary f, Isa isa, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  kernels<float>(isa)[f](x.data(), y.data(), static_cast<std::int64_t>(x.size()));
  Worst worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double ulp = error_in_ulp(y[i], exact(f, x[i]));
    if (ulp > worst.ulp) worst = {ulp, x[i]};
  }
  return worst;
}

float at(Unary f, Isa isa, float x) {
  float y = 0;
  kernels<float>(isa)[f](&x, &y, 1);
  return y;
}

}  // namespace

TEST_CASE("[kernels] exp, tanh and sigmoid are within 2 ulp over the whole range of float") {
  const std::vector<float> x = whole_range();
  REQUIRE(x.size() > 2'000'000);
  for (Isa isa : supported_isas())
    for (Unary f : {Unary::exp, Unary::tanh, Unary::sigmoid}) {
      const Worst worst = worst_error(f, isa, x);
      INFO(name(isa), " kernel ", static_cast<int>(f), ": ", worst.ulp, " ulp at ", worst.x);
      CHECK(worst.ulp <= 2.0);
    }
}

TEST_CASE("[kernels] log, sin, cos and softplus are within 2 ulp over the whole range of float") {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (1ull << 32); bits += 40961)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (Unary f : {Unary::log, Unary::sin, Unary::cos, Unary::softplus}) {
    const Worst worst = worst_error(f, best_isa(), x);
    INFO("kernel ", static_cast<int>(f), ": ", worst.ulp, " ulp at ", worst.x);
    CHECK(worst.ulp <= 2.0);
  }
}

TEST_CASE("[kernels] a measure that sees an error of 3 ulp finds a function that is wrong by 3 ulp") {
  const float y = std::exp(1.0f);
  CHECK(error_in_ulp(y, std::exp(1.0L)) <= 0.5);
  CHECK(error_in_ulp(std::bit_cast<float>(std::bit_cast<std::uint32_t>(y) + 3), std::exp(1.0L)) > 2.0);
  CHECK(error_in_ulp(0.0f, 3e-45L) > 2.0);
  CHECK(error_in_ulp(0.0f, std::nanl("")) == inf);
  CHECK(error_in_ulp(inf, 1e38L) == inf);
}

TEST_CASE("[kernels] exp is finite up to log(FLT_MAX) and positive down to half the smallest subnormal") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    CHECK(at(Unary::exp, isa, 0.0f) == 1.0f);
    CHECK(at(Unary::exp, isa, -0.0f) == 1.0f);
    CHECK(std::isfinite(at(Unary::exp, isa, 0x1.62e42ep6f)));
    CHECK(at(Unary::exp, isa, 0x1.62e430p6f) == inf);
    CHECK(at(Unary::exp, isa, inf) == inf);
    CHECK(at(Unary::exp, isa, -103.97f) == smallest);
    CHECK(at(Unary::exp, isa, -103.98f) == 0.0f);
    CHECK(at(Unary::exp, isa, -inf) == 0.0f);
  }
}

TEST_CASE("[kernels] tanh and sigmoid saturate at their limits and tanh keeps the sign of zero") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    CHECK(at(Unary::tanh, isa, inf) == 1.0f);
    CHECK(at(Unary::tanh, isa, -inf) == -1.0f);
    CHECK(!std::signbit(at(Unary::tanh, isa, 0.0f)));
    CHECK(std::signbit(at(Unary::tanh, isa, -0.0f)));
    CHECK(at(Unary::tanh, isa, smallest) == smallest);
    CHECK(at(Unary::sigmoid, isa, 0.0f) == 0.5f);
    CHECK(at(Unary::sigmoid, isa, inf) == 1.0f);
    CHECK(at(Unary::sigmoid, isa, -inf) == 0.0f);
    CHECK(at(Unary::sigmoid, isa, -103.0f) > 0.0f);
  }
}

TEST_CASE("[kernels] tanh is odd to the last bit") {
  for (Isa isa : supported_isas())
    for (float x = 1e-6f; x < 20.0f; x *= 1.003f)
      REQUIRE(at(Unary::tanh, isa, -x) == -at(Unary::tanh, isa, x));
}

TEST_CASE("[kernels] AVX2 and AVX-512 give the same bits for every function, subnormals flushed or not") {
  if (!supported(Isa::avx512)) return;
  const std::vector<float> x = whole_range();
  const auto n = static_cast<std::int64_t>(x.size());
  std::vector<float> narrow(x.size()), wide(x.size());
  const auto compare = [&](Unary f) {
    kernels<float>(Isa::avx2)[f](x.data(), narrow.data(), n);
    kernels<float>(Isa::avx512)[f](x.data(), wide.data(), n);
    return std::memcmp(narrow.data(), wide.data(), x.size() * sizeof(float)) == 0;
  };
  for (int f = 0; f < 13; ++f) {
    CAPTURE(f);
    CHECK(compare(static_cast<Unary>(f)));
    const FlushSubnormals flushed;
    CHECK(compare(static_cast<Unary>(f)));
  }
}
