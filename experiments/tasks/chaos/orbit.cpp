#include "experiments/tasks/chaos/orbit.hpp"

#include <algorithm>
#include <cmath>

namespace unroll {
namespace {

using State = std::span<double>;

/// A step h of the classical Runge-Kutta method of dx/dt = field(x).
template <class Field>
void runge_kutta(const Field& field, State x, double h) {
  const std::size_t n = x.size();
  std::vector<double> slope(n), point(n), sum(n);
  const auto stage = [&](double at, double weight) {
    for (std::size_t i = 0; i < n; ++i) point[i] = x[i] + at * h * slope[i];
    field(std::span<const double>(point), State(slope));
    for (std::size_t i = 0; i < n; ++i) sum[i] += weight * slope[i];
  };
  stage(0, 1);
  stage(0.5, 2);
  stage(0.5, 2);
  stage(1, 1);
  for (std::size_t i = 0; i < n; ++i) x[i] += h / 6 * sum[i];
}

/// Moves a state on by `sample` in so many equal steps.
template <class Field>
std::function<void(State)> steps_of(const Field& field, double sample, int steps) {
  return [=](State x) {
    for (int k = 0; k < steps; ++k) runge_kutta(field, x, sample / steps);
  };
}

void lorenz63_field(std::span<const double> x, State slope) {
  slope[0] = 10 * (x[1] - x[0]);
  slope[1] = x[0] * (28 - x[2]) - x[1];
  slope[2] = x[0] * x[1] - 8.0 / 3 * x[2];
}

void lorenz96_field(std::span<const double> x, State slope) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i)
    slope[i] = (x[(i + 1) % n] - x[(i + n - 2) % n]) * x[(i + n - 1) % n] - x[i] + 8;
}

/// Steps of Mackey-Glass between two samples; its history has as many to each unit of time.
constexpr std::int64_t fine = 10, delay = 17, history = delay * fine;

/// The value half a step after the first of two in the middle of four.
double between(double before, double a, double b, double after) {
  return (9 * (a + b) - before - after) / 16;
}

/// The state is x at the last 17 fine steps of time, the newest first, and one more behind them.
void advance_mackey_glass(State x) {
  constexpr double h = 1.0 / fine;
  // The power takes most of the time: each value's is computed once.
  const auto produced = [](double delayed) { return 0.2 * delayed / (1 + std::pow(delayed, 10)); };
  double of_old = produced(x[history]);
  for (std::int64_t k = 0; k < fine; ++k) {
    const double next = x[history - 1];
    const double of_middle = produced(between(x[history + 1], x[history], next, x[history - 2]));
    const double of_next = produced(next);
    const double k1 = of_old - 0.1 * x[0], k2 = of_middle - 0.1 * (x[0] + h / 2 * k1);
    const double k3 = of_middle - 0.1 * (x[0] + h / 2 * k2), k4 = of_next - 0.1 * (x[0] + h * k3);
    const double now = x[0] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    std::shift_right(x.begin(), x.end(), 1);
    x[0] = now;
    of_old = of_next;
  }
}

double distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

ChaoticSystem lorenz63() {
  return {"lorenz63", 3, 3, 0.03, 30, {1, 1, 25}, steps_of(lorenz63_field, 0.03, 6)};
}

ChaoticSystem lorenz96(std::int64_t dimensions) {
  return {"lorenz96",
          dimensions,
          dimensions,
          0.04,
          20,
          std::vector<double>(static_cast<std::size_t>(dimensions), 2),
          steps_of(lorenz96_field, 0.04, 4)};
}

ChaoticSystem mackey_glass() {
  return {"mackey_glass",      1, history + 2, 1, 500, std::vector<double>(history + 2, 1.2),
          advance_mackey_glass};
}

std::vector<double> start_of(const ChaoticSystem& system, Stream& stream) {
  std::vector<double> x = system.typical;
  const double shift = 0.1 * stream.normal();  // the same for a whole history, which is one start then
  for (double& value : x) value += system.state > system.dimensions ? shift : stream.normal();
  const auto samples = static_cast<std::int64_t>(system.transient / system.sample);
  for (std::int64_t n = 0; n < samples; ++n) system.advance(x);
  return x;
}

Orbit orbit(const ChaoticSystem& system, std::span<double> state, std::int64_t points) {
  Orbit all{.dimensions = system.dimensions};
  for (std::int64_t n = 0; n < points; ++n) {
    all.values.insert(all.values.end(), state.begin(), state.begin() + system.dimensions);
    system.advance(state);
  }
  return all;
}

double largest_exponent(const ChaoticSystem& system, Stream& stream, std::int64_t points) {
  constexpr double near = 1e-7;
  std::vector<double> x = start_of(system, stream), beside = x;
  for (double& value : beside) value += near / std::sqrt(static_cast<double>(x.size()));
  double sum = 0;
  const std::int64_t until_aligned = points / 10;
  for (std::int64_t n = -until_aligned; n < points; ++n) {
    system.advance(x);
    system.advance(beside);
    const double apart = distance(x, beside);
    if (n >= 0) sum += std::log(apart / near);
    for (std::size_t i = 0; i < x.size(); ++i) beside[i] = x[i] + (beside[i] - x[i]) * near / apart;
  }
  return sum / (static_cast<double>(points) * system.sample);
}

}  // namespace unroll
