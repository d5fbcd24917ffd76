// What is known exactly of dynamical systems, seen through the instruments.

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "experiments/instruments/fixed_points.hpp"
#include "experiments/instruments/jacobian.hpp"
#include "experiments/instruments/lyapunov.hpp"
#include "experiments/instruments/memory.hpp"
#include "experiments/instruments/omega.hpp"
#include "experiments/instruments/states.hpp"
#include "framework/tensor/linalg.hpp"
#include "tests/experiments/instruments/maps.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// Lorenz 1963 with his σ, ρ, β: a step of Runge and Kutta's method of order 4.
const std::string lorenz = R"(cell lorenz
const dt = 0.01
def dp(p, q) = 10 * (q - p)
def dq(p, q, r) = p * (28 - r) - q
def dr(p, q, r) = p * q - 8 / 3 * r
state p, q, r
n = p
m = q
o = r
repeat 1 {
  n1 = dp(n, m)
  m1 = dq(n, m, o)
  o1 = dr(n, m, o)
  n2 = dp(n + dt / 2 * n1, m + dt / 2 * m1)
  m2 = dq(n + dt / 2 * n1, m + dt / 2 * m1, o + dt / 2 * o1)
  o2 = dr(n + dt / 2 * n1, m + dt / 2 * m1, o + dt / 2 * o1)
  n3 = dp(n + dt / 2 * n2, m + dt / 2 * m2)
  m3 = dq(n + dt / 2 * n2, m + dt / 2 * m2, o + dt / 2 * o2)
  o3 = dr(n + dt / 2 * n2, m + dt / 2 * m2, o + dt / 2 * o2)
  n4 = dp(n + dt * n3, m + dt * m3)
  m4 = dq(n + dt * n3, m + dt * m3, o + dt * o3)
  o4 = dr(n + dt * n3, m + dt * m3, o + dt * o3)
  n = n + dt / 6 * (n1 + 2 * n2 + 2 * n3 + n4)
  m = m + dt / 6 * (m1 + 2 * m2 + 2 * m3 + m4)
  o = o + dt / 6 * (o1 + 2 * o2 + 2 * o3 + o4)
}
p' = n + 0 * mean(x)
q' = m
r' = o
)";

/// Shifts its input from unit to unit.
const std::string delay_line = R"(cell delay_line
state h
param S: (hidden, hidden)
h' = S h + W x
)";

Tensor<double> orthogonal(std::int64_t n, std::uint32_t number) { return qr(normal({n, n}, 1, number)).q; }

Tensor<double> scaled(Tensor<double> values, double by) {
  for (double& x : values.span()) x *= by;
  return values;
}

InputAt nothing(const StateMap& map, std::int64_t rows) {
  return [&map, rows](std::int64_t, std::int64_t times) { return map.no_input(rows * times); };
}

std::unique_ptr<StateMap> vanilla(const Tensor<double>& w, const std::string& activation) {
  return map_of("vanilla", {1, w.shape()[0], activation}, {{"W_hh", w}});
}

}  // namespace

TEST_CASE("[lyapunov] a tanh net at h = 0 without input grows by its spectral radius") {
  const Tensor<double> w = normal({12, 12}, 1.4 / std::sqrt(12.0), 1);
  const auto map = vanilla(w, "tanh");
  const auto exponents =
      lyapunov_exponents(*map, map->start(1), nothing(*map, 1), {.steps = 4000, .transient = 400});
  REQUIRE(exponents.size() == 12);
  // Its two largest eigenvalues are conjugate or real: either way ln ρ, but for the phase at both ends.
  CHECK(exponents[0] == doctest::Approx(std::log(spectral_radius(w))).epsilon(2e-3));
}

TEST_CASE("[lyapunov] all exponents of g Q are ln g, with and without input") {
  const auto map = vanilla(scaled(orthogonal(6, 2), 0.9), "identity");
  const auto exponents =
      lyapunov_exponents(*map, map->start(2), nothing(*map, 2), {.steps = 30, .transient = 5});
  for (const double x : exponents) CHECK(x == doctest::Approx(std::log(0.9)).epsilon(1e-12));
  CHECK(kaplan_yorke_dimension(exponents) == 0);
}

TEST_CASE("[lyapunov] Lorenz's system of 1963, from its own equations as a cell") {
  const auto map = map_of(lorenz, {1, 1}, {});
  constexpr std::int64_t rows = 32;
  StateMap::Point from{normal({rows, 3}, 5, 3)};
  for (std::int64_t r = 0; r < rows; ++r) from.s[r * 3 + 2] += 25;
  auto exponents = lyapunov_exponents(*map, from, nothing(*map, rows),
                                      {.warm_up = 2000, .steps = 20'000, .transient = 500});
  REQUIRE(exponents.size() == 3);
  for (double& x : exponents) x /= 0.01;  // per unit of time
  CAPTURE(exponents[0]);
  CAPTURE(exponents[1]);
  CAPTURE(exponents[2]);
  CHECK(std::abs(exponents[0] / 0.906 - 1) < 0.01);
  CHECK(std::abs(exponents[1]) < 0.01);
  CHECK(std::abs(exponents[2] / -14.57 - 1) < 0.01);
  // The trace of its Jacobian is the same everywhere.
  CHECK(exponents[0] + exponents[1] + exponents[2] == doctest::Approx(-(10 + 1 + 8.0 / 3)).epsilon(1e-3));
  CHECK(kaplan_yorke_dimension(exponents) == doctest::Approx(2.062).epsilon(0.002));
}

TEST_CASE("[lyapunov] the Kaplan-Yorke dimension by hand") {
  CHECK(kaplan_yorke_dimension({0.906, 0, -14.57}) == doctest::Approx(2 + 0.906 / 14.57));
  CHECK(kaplan_yorke_dimension({-0.1, -2}) == 0);
  CHECK(kaplan_yorke_dimension({0.5, -0.2}) == 2);
}

TEST_CASE("[jacobian] products of g Q have all singular values g^h, however long") {
  const auto map = vanilla(scaled(orthogonal(5, 4), 0.25), "identity");
  const auto products = jacobian_products(*map, map->start(2), nothing(*map, 2), 700);  // 0.25^700: 1e-421
  REQUIRE(products.size() == 11);                                                       // 1, 2, ..., 512, 700
  CHECK(products.back().steps == 700);
  for (const JacobianProduct& one : products)
    for (const double log10 : one.log10)
      CHECK(log10 == doctest::Approx(static_cast<double>(one.steps) * std::log10(0.25)).epsilon(1e-12));
}

TEST_CASE("[jacobian] a product of a tanh net agrees with central differences over the steps") {
  const std::int64_t n = 4, steps = 8;
  const Tensor<double> w = normal({n, n}, 0.8, 5);
  const auto map = map_of("vanilla", {1, n, "tanh"}, {{"W_hh", w}, {"W_xh", normal({n, 1}, 1, 6)}});
  const InputAt input = [](std::int64_t t, std::int64_t times) -> StepInput {
    return Tensor<double>({times, 1}, std::sin(static_cast<double>(t)));
  };
  const auto last = [&](Tensor<double> s) {
    StateMap::Point at{std::move(s)};
    for (std::int64_t t = 0; t < steps; ++t) at = map->next(at, input(t, 1));
    return at.s;
  };
  Tensor<double> differences({n, n});
  for (std::int64_t j = 0; j < n; ++j) {
    Tensor<double> up({1, n}), down({1, n});
    up[j] = 1e-6;
    down[j] = -1e-6;
    const Tensor<double> a = last(up), b = last(down);
    for (std::int64_t i = 0; i < n; ++i) differences[i * n + j] = (a[i] - b[i]) / 2e-6;
  }
  const auto products = jacobian_products(*map, map->start(1), input, steps);
  const Tensor<double> expected = singular_values(differences);
  for (std::int64_t i = 0; i < n; ++i)
    CHECK(std::pow(10, products.back().log10[static_cast<std::size_t>(i)]) ==
          doctest::Approx(expected[i]).epsilon(1e-5));
}

TEST_CASE("[memory] a delay line of n units remembers n inputs") {
  constexpr std::int64_t n = 8;
  Tensor<double> shift({n, n}), first({n, 1});
  for (std::int64_t i = 1; i < n; ++i) shift[i * n + i - 1] = 1;
  first[0] = 1;
  const auto map = map_of(delay_line, {1, n}, {{"S", shift}, {"W", first}});
  const LinearMemory memory = linear_memory(*map, {.delays = 2 * n});
  REQUIRE(memory.r2.size() == 2 * n);
  for (std::size_t k = 0; k < n; ++k) CHECK(memory.r2[k] == doctest::Approx(1).epsilon(1e-9));
  for (std::size_t k = n; k < 2 * n; ++k) CHECK(memory.r2[k] < 0.01);
  CHECK(memory.capacity() == doctest::Approx(n).epsilon(0.01));
  CHECK(memory.length() == n);
}

TEST_CASE("[memory] units that nothing is told remember nothing; the capacity is at most the states") {
  constexpr std::int64_t n = 6;
  const auto deaf = map_of(delay_line, {1, n}, {{"S", normal({n, n}, 0.3, 8)}});
  CHECK(linear_memory(*deaf, {.delays = 2 * n}).capacity() < 0.1);
  const auto mixing =
      map_of(delay_line, {1, n}, {{"S", scaled(orthogonal(n, 9), 0.9)}, {"W", normal({n, 1}, 1, 10)}});
  const double capacity = linear_memory(*mixing, {.delays = 10 * n}).capacity();
  CHECK(capacity < n * 1.02);
  CHECK(capacity > n * 0.9);  // all of it, of linear units (Jaeger 2001, proposition 4)
}

TEST_CASE("[states] the participation ratio is the number of equal variances, or near it of samples") {
  CHECK(participation_ratio({2, 2, 2, 2}) == doctest::Approx(4));
  CHECK(participation_ratio({3, 0, 0}) == doctest::Approx(1));
  CHECK(participation_ratio({0, 0}) == 0);
  const Components isotropic = principal_components(normal({20'000, 10}, 1, 11));
  CHECK(participation_ratio(isotropic.variances) == doctest::Approx(10).epsilon(0.005));
  for (const double variance : isotropic.variances) CHECK(variance == doctest::Approx(1).epsilon(0.06));
}

TEST_CASE("[states] on a line there is one component, along it") {
  Tensor<double> rows({50, 3});
  for (std::int64_t i = 0; i < 50; ++i) {
    const double t = static_cast<double>(i) - 24.5;
    rows[i * 3] = 1 + 3 * t;
    rows[i * 3 + 1] = 2;
    rows[i * 3 + 2] = -4 * t;
  }
  const Components found = principal_components(rows);
  CHECK(participation_ratio(found.variances) == doctest::Approx(1));
  CHECK(found.variances[0] == doctest::Approx(25 * (50.0 * 50 - 1) / 12));
  CHECK(found.mean[1] == doctest::Approx(2));
  CHECK(found.directions[0] == doctest::Approx(-0.6));
  CHECK(found.directions[2] == doctest::Approx(0.8));
}

TEST_CASE("[omega] g Q changes the length of every error by g") {
  const auto map = vanilla(scaled(orthogonal(7, 12), 1.5), "identity");
  const auto term = omega_term(*map, map->start(3), map->no_input(3), normal({3, 7}, 2, 13));
  REQUIRE(term);
  CHECK(*term == doctest::Approx(std::pow(1.5 * 1.5 - 1, 2)).epsilon(1e-12));
  CHECK_FALSE(omega_term(*map, map->start(1), map->no_input(1), Tensor<double>({1, 7})));
}

TEST_CASE("[omega] of a tanh net it is the closed form") {
  constexpr std::int64_t n = 5;
  const Tensor<double> w = normal({n, n}, 0.7, 14), s = normal({1, n}, 0.5, 15), e = normal({1, n}, 1, 16);
  const auto map = vanilla(w, "tanh");
  const Tensor<double> h = map->next({s}, map->no_input(1)).s;
  double before = 0, after = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    double v = 0;
    for (std::int64_t i = 0; i < n; ++i) v += w[i * n + j] * e[i] * (1 - h[i] * h[i]);
    after += v * v;
    before += e[j] * e[j];
  }
  CHECK(*omega_term(*map, {s}, map->no_input(1), e) ==
        doctest::Approx(std::pow(after / before - 1, 2)).epsilon(1e-10));
}

TEST_CASE("[fixed points] tanh(w h) has three, of which 0 is unstable") {
  // One unit: h = tanh(2 h) at 0 and at ±0.957504...
  const auto map = vanilla(Tensor<double>({1, 1}, 2.0), "tanh");
  const auto points = slow_points(*map, Tensor<double>({5, 1}, {-0.9, -0.5, 0.01, 0.6, 1.0}));
  REQUIRE(points.size() == 3);
  for (const SlowPoint& point : points) {
    CHECK(point.speed < 1e-20);
    CHECK(std::abs(point.s[0] - std::tanh(2 * point.s[0])) < 1e-10);
    const bool origin = std::abs(point.s[0]) < 1e-6;
    CHECK(point.unstable == (origin ? 1 : 0));
    CHECK(point.found == (origin ? 1 : 2));
    CHECK(point.spectral_radius ==
          doctest::Approx(2 * (1 - std::pow(std::tanh(2 * point.s[0]), 2))).epsilon(1e-9));
  }
}

TEST_CASE("[fixed points] a rotation has none but its centre, a drift none at all") {
  const auto turning = vanilla(Tensor<double>({2, 2}, {0, -1, 1, 0}), "identity");
  const auto centre = slow_points(*turning, normal({4, 2}, 1, 17));
  REQUIRE(centre.size() == 1);
  CHECK(std::hypot(centre[0].s[0], centre[0].s[1]) < 1e-9);
  const auto drifting =
      map_of("vanilla", {1, 2, "identity"},
             {{"W_hh", Tensor<double>({2, 2}, {1, 0, 0, 1})}, {"b_h", Tensor<double>({2}, {0.1, 0.2})}});
  CHECK(slow_points(*drifting, normal({4, 2}, 1, 18), {.iterations = 50}).empty());
}
