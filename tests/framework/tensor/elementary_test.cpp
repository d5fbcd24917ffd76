#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "tests/framework/tensor/ulp.hpp"
#include "tests/support/skipped.hpp"

using namespace unroll;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
constexpr float smallest = std::numeric_limits<float>::denorm_min();

const std::vector<Unary> vectorised = {Unary::exp, Unary::tanh, Unary::sigmoid, Unary::log, Unary::softplus};

float next(float x, int steps) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + static_cast<std::uint32_t>(steps));
}

/// Zeros, infinities, NaN, subnormals, and all floats near the places where something ends.
std::vector<float> special_places() {
  constexpr float largest = std::numeric_limits<float>::max();
  std::vector<float> x = {0.0f,     -0.0f,     inf,  -inf,  quiet_nan, -quiet_nan,
                          smallest, -smallest, 1.0f, -1.0f, largest,   -largest};
  std::vector<float> ends = {88.37626f, 88.72283f,       87.33654f,  103.97208f,  103.27893f,
                             104.0f,    89.0f,           9.01f,      9.25f,       0.625f,
                             0.34657f,  0.70710678f,     1.0f,       1.41421356f, 0.88137359f,
                             9.2f,      1.17549435e-38f, 3.4028e38f, 17.32868f};
  // Intervals of tanh: quarters of octaves.
  for (float octave = 2.0f; octave < 32.0f; octave *= 2.0f)
    for (float end = 1.25f; end <= 2.0f; end += 0.25f) ends.push_back((octave * end - 2.0f) / 3.25f);
  for (float end : ends)
    for (int step = -2000; step <= 2000; ++step) {
      x.push_back(next(end, step));
      x.push_back(-next(end, step));
    }
  return x;
}

/// Every `stride`th of all 2^32 floats. With a prime for the stride all low bits occur.
std::vector<float> every(std::uint64_t stride) {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (1ull << 32); bits += stride)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  return x;
}

#ifdef __OPTIMIZE__
constexpr std::uint64_t dense = 409;  // 10 million
#else
constexpr std::uint64_t dense = 8209;
#endif

/// The worst error of each instruction set's kernel.
template <class T>
std::vector<Worst> worst_errors(Unary f, std::span<const T> x) {
  constexpr std::size_t block = 1 << 16;
  std::vector<T> y(block);
  std::vector<long double> values(block);
  std::vector<Worst> worst(supported_isas().size());
  for (std::size_t begin = 0; begin < x.size(); begin += block) {
    const auto part = x.subspan(begin, std::min(block, x.size() - begin));
    for (std::size_t i = 0; i < part.size(); ++i) values[i] = exact<long double>(f, part[i]);
    for (std::size_t i = 0; i < worst.size(); ++i) {
      kernels<T>(supported_isas()[i])[f](part.data(), y.data(), static_cast<std::int64_t>(part.size()));
      compare<T, long double>(part, std::span(y).first(part.size()), values, worst[i]);
    }
  }
  return worst;
}

template <class T>
void check_within_2_ulp(Unary f, const std::vector<T>& x) {
  const std::vector<Worst> worst = worst_errors<T>(f, x);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    INFO(name(supported_isas()[i]), " kernel ", static_cast<int>(f), ": ", worst[i].ulp, " ulp at ",
         worst[i].x);
    CHECK(worst[i].ulp <= 2.0);
  }
}

float value_at(Unary f, Isa isa, float x) {
  float y = 0;
  kernels<float>(isa)[f](&x, &y, 1);
  return y;
}

}  // namespace

TEST_CASE("[kernels] exp is within 2 ulp over the whole range of float") {
  check_within_2_ulp(Unary::exp, every(dense));
}

TEST_CASE("[kernels] tanh is within 2 ulp over the whole range of float") {
  check_within_2_ulp(Unary::tanh, every(dense));
}

TEST_CASE("[kernels] tanh by tables is within 1.1 ulp, where its intervals meet as well") {
  if (best_isa() == Isa::baseline) return test::say_skipped("this CPU has no tables");
  std::vector<float> x = special_places();
  for (const float value : every(8209)) x.push_back(value);
  const std::vector<Worst> worst = worst_errors<float>(Unary::tanh, x);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    CAPTURE(name(supported_isas()[i]));
    if (supported_isas()[i] != Isa::baseline) CHECK(worst[i].ulp <= 1.1);
  }
}

TEST_CASE("[kernels] sigmoid is within 2 ulp over the whole range of float") {
  check_within_2_ulp(Unary::sigmoid, every(dense));
}

TEST_CASE("[kernels] log is within 2 ulp over the whole range of float") {
  check_within_2_ulp(Unary::log, every(dense));
}

TEST_CASE("[kernels] softplus is within 2 ulp over the whole range of float") {
  check_within_2_ulp(Unary::softplus, every(dense));
}

TEST_CASE(
    "[kernels] vectorised functions are within 2 ulp at zeros, infinities, NaN, subnormals and where "
    "something ends") {
  for (Unary f : vectorised) check_within_2_ulp(f, special_places());
}

TEST_CASE("[kernels] sin and cos are within 2 ulp over the whole range of float") {
  for (Unary f : {Unary::sin, Unary::cos}) check_within_2_ulp(f, every(40961));
}

TEST_CASE("[kernels] all functions are within 2 ulp over the whole range of double") {
  std::vector<double> x;
  constexpr std::uint64_t stride = 92'233'720'368'547;  // 200,000 doubles; odd, so that all low bits occur
  for (std::uint64_t bits = 0; bits <= std::uint64_t(-1) - stride; bits += stride)
    x.push_back(std::bit_cast<double>(bits));
  for (float special : special_places()) x.push_back(special);
  for (double end : {709.78, 708.4, 745.13, 36.7, 19.06, 0.625, 0.3, 1.0})
    for (int step = -500; step <= 500; ++step) {
      x.push_back(end + step * 1e-4);
      x.push_back(-end + step * 1e-4);
    }
  for (Unary f : vectorised) check_within_2_ulp(f, x);
  for (Unary f : {Unary::sin, Unary::cos}) check_within_2_ulp(f, x);
}

TEST_CASE("[kernels] a single result that is wrong by 4 ulp, or not a number, is found by the scan") {
  const std::vector<float> x = every(409 * 1009);
  std::vector<long double> values;
  for (float value : x) values.push_back(exact<long double>(Unary::tanh, value));
  std::vector<float> y(x.size());
  kernels<float>()[Unary::tanh](x.data(), y.data(), static_cast<std::int64_t>(x.size()));
  const auto worst = [&] {
    Worst found;
    compare<float, long double>(x, y, values, found);
    return found;
  };
  CHECK(worst().ulp <= 2.0);
  const std::size_t value_at = x.size() / 5;
  const float right = y[value_at];
  y[value_at] = next(right, 4);
  CHECK(worst().ulp > 2.0);
  CHECK(worst().x == x[value_at]);
  y[value_at] = quiet_nan;
  CHECK(worst().ulp == inf);
}

TEST_CASE("[kernels] the measure knows subnormals, infinities and NaN") {
  const float y = std::exp(1.0f);
  CHECK(error_in_ulp(y, std::exp(1.0L)) <= 0.5);
  CHECK(error_in_ulp(next(y, 3), std::exp(1.0L)) > 2.0);
  CHECK(error_in_ulp(0.0f, 3e-45L) > 2.0);
  CHECK(error_in_ulp(0.0f, std::nanl("")) == inf);
  CHECK(error_in_ulp(quiet_nan, 1.0L) == inf);
  CHECK(error_in_ulp(inf, 1e38L) == inf);
  CHECK(error_in_ulp(1.0 + 0x1p-52, 1.0L) == 1.0);
  CHECK(error_in_ulp(0.0, 0x1p-1073L) == 2.0);
}

TEST_CASE("[kernels] flushing subnormals changes only results that are subnormal, or of such operands") {
  const std::vector<float> x = every(2053 * 7);
  const auto n = static_cast<std::int64_t>(x.size());
  std::vector<float> kept(x.size()), flushed(x.size());
  for (Isa isa : supported_isas())
    for (Unary f : vectorised) {
      kernels<float>(isa)[f](x.data(), kept.data(), n);
      {
        const FlushSubnormals guard;
        kernels<float>(isa)[f](x.data(), flushed.data(), n);
      }
      CAPTURE(name(isa));
      CAPTURE(static_cast<int>(f));
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::fpclassify(x[i]) == FP_SUBNORMAL || std::isnan(kept[i])) continue;
        if (std::fpclassify(kept[i]) == FP_SUBNORMAL)
          REQUIRE(flushed[i] == 0.0f);
        else
          REQUIRE(flushed[i] == kept[i]);
      }
    }
}

TEST_CASE("[kernels] log has its limits at zero and infinity and is not a number below zero") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    CHECK(value_at(Unary::log, isa, 0.0f) == -inf);
    CHECK(value_at(Unary::log, isa, -0.0f) == -inf);
    CHECK(value_at(Unary::log, isa, inf) == inf);
    CHECK(value_at(Unary::log, isa, 1.0f) == 0.0f);
    CHECK(std::isfinite(value_at(Unary::log, isa, smallest)));
    CHECK(std::isnan(value_at(Unary::log, isa, -smallest)));
    CHECK(std::isnan(value_at(Unary::log, isa, -inf)));
  }
}

TEST_CASE("[kernels] softplus is zero, or its argument, at the infinities and positive between") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    CHECK(value_at(Unary::softplus, isa, -inf) == 0.0f);
    CHECK(value_at(Unary::softplus, isa, inf) == inf);
    CHECK(value_at(Unary::softplus, isa, -103.0f) > 0.0f);
    CHECK(value_at(Unary::softplus, isa, 1e30f) == 1e30f);
  }
}

TEST_CASE("[kernels] exp is finite up to log(FLT_MAX) and positive down to half the smallest subnormal") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    CHECK(value_at(Unary::exp, isa, 0.0f) == 1.0f);
    CHECK(value_at(Unary::exp, isa, -0.0f) == 1.0f);
    CHECK(std::isfinite(value_at(Unary::exp, isa, 0x1.62e42ep6f)));
    CHECK(value_at(Unary::exp, isa, 0x1.62e430p6f) == inf);
    CHECK(value_at(Unary::exp, isa, inf) == inf);
    CHECK(value_at(Unary::exp, isa, -103.97f) == smallest);
    CHECK(value_at(Unary::exp, isa, -103.98f) == 0.0f);
    CHECK(value_at(Unary::exp, isa, -inf) == 0.0f);
  }
}

TEST_CASE("[kernels] tanh and sigmoid saturate at their limits and tanh keeps the sign of zero") {
  for (Isa isa : supported_isas()) {
    CAPTURE(name(isa));
    CHECK(value_at(Unary::tanh, isa, inf) == 1.0f);
    CHECK(value_at(Unary::tanh, isa, -inf) == -1.0f);
    CHECK(!std::signbit(value_at(Unary::tanh, isa, 0.0f)));
    CHECK(std::signbit(value_at(Unary::tanh, isa, -0.0f)));
    CHECK(value_at(Unary::tanh, isa, smallest) == smallest);
    CHECK(value_at(Unary::sigmoid, isa, 0.0f) == 0.5f);
    CHECK(value_at(Unary::sigmoid, isa, inf) == 1.0f);
    CHECK(value_at(Unary::sigmoid, isa, -inf) == 0.0f);
    CHECK(value_at(Unary::sigmoid, isa, -103.0f) > 0.0f);
  }
}

TEST_CASE("[kernels] tanh is odd to the last bit") {
  for (Isa isa : supported_isas())
    for (float x = 1e-6f; x < 20.0f; x *= 1.003f)
      REQUIRE(value_at(Unary::tanh, isa, -x) == -value_at(Unary::tanh, isa, x));
}

TEST_CASE(
    "[kernels] AVX2 and AVX-512 give the same bits for every function but tanh, subnormals flushed or not") {
  if (!supported(Isa::avx512)) return test::say_skipped("this CPU has no AVX-512");
  std::vector<float> x = every(2053);
  for (float special : special_places()) x.push_back(special);
  const auto n = static_cast<std::int64_t>(x.size());
  std::vector<float> narrow(x.size()), wide(x.size());
  const auto compare = [&](Unary f) {
    kernels<float>(Isa::avx2)[f](x.data(), narrow.data(), n);
    kernels<float>(Isa::avx512)[f](x.data(), wide.data(), n);
    return std::memcmp(narrow.data(), wide.data(), x.size() * sizeof(float)) == 0;
  };
  for (int f = 0; f < 13; ++f) {
    if (static_cast<Unary>(f) == Unary::tanh) continue;  // its tables are as long as a register
    CAPTURE(f);
    CHECK(compare(static_cast<Unary>(f)));
    const FlushSubnormals flushed;
    CHECK(compare(static_cast<Unary>(f)));
  }
}
