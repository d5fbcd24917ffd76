#include "experiments/instruments/fixed_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/instruments/rows.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

constexpr std::int64_t starts = 32;

/// F(s) − s of every row.
Tensor<double> movement(StateMap& map, const Tensor<double>& s) {
  Tensor<double> f = map.next({s}, map.no_input(s.shape()[0])).s;
  for (std::int64_t i = 0; i < s.numel(); ++i) f[i] -= s[i];
  return f;
}

std::vector<double> speeds(const Tensor<double>& movement) {
  std::vector<double> q(static_cast<std::size_t>(movement.shape()[0]));
  const std::int64_t size = movement.shape()[1];
  for (std::int64_t i = 0; i < movement.numel(); ++i)
    q[static_cast<std::size_t>(i / size)] += movement[i] * movement[i] / 2;
  return q;
}

/// Of each element its own first and second moment (Kingma & Ba 2015).
class Adam {
 public:
  explicit Adam(const Shape& shape) : mean_(shape), square_(shape) {}
  void step(const Tensor<double>& gradient, double rate, Tensor<double>& s) {
    ++steps_;
    for (std::int64_t i = 0; i < s.numel(); ++i) {
      mean_[i] += (1 - 0.9) * (gradient[i] - mean_[i]);
      square_[i] += (1 - 0.999) * (gradient[i] * gradient[i] - square_[i]);
      const double mean = mean_[i] / (1 - std::pow(0.9, steps_));
      const double square = square_[i] / (1 - std::pow(0.999, steps_));
      s[i] -= rate * mean / (std::sqrt(square) + 1e-12);
    }
  }

 private:
  Tensor<double> mean_, square_;
  int steps_ = 0;
};

/// ∂F/∂s of one state (size).
Tensor<double> jacobian(StateMap& map, const Tensor<double>& s) {
  const std::int64_t size = map.size();
  Tensor<double> identity({size, size});
  for (std::int64_t i = 0; i < size; ++i) identity[i * size + i] = 1;
  return map.pull_back({repeated(s, size)}, map.no_input(size), identity);
}

/// (I − J) d = F(s) − s. Taken while it makes q less.
Tensor<double> refined(StateMap& map, Tensor<double> s) {
  Tensor<double> f = movement(map, s);
  for (int step = 0; step < 20; ++step) {
    Tensor<double> matrix = jacobian(map, s);
    if (!all_finite(matrix.span())) return s;
    const std::int64_t size = map.size();
    for (std::int64_t i = 0; i < matrix.numel(); ++i) matrix[i] = (i % (size + 1) == 0) - matrix[i];
    const Tensor<double> d = solve(matrix, Tensor<double>({size, 1}, f.span()));
    Tensor<double> next = s;
    for (std::int64_t i = 0; i < size; ++i) next[i] += d[i];
    if (!all_finite(next.span())) return s;
    Tensor<double> next_f = movement(map, next);
    if (!(speeds(next_f)[0] < speeds(f)[0])) return s;
    s = std::move(next);
    f = std::move(next_f);
  }
  return s;
}

bool is_near(const SlowPoint& point, const Tensor<double>& s, double distance) {
  for (std::size_t i = 0; i < point.s.size(); ++i)
    if (std::abs(point.s[i] - s[static_cast<std::int64_t>(i)]) > distance) return false;
  return true;
}

SlowPoint point_at(StateMap& map, const Tensor<double>& s, double speed) {
  SlowPoint point{{s.span().begin(), s.span().end()}, speed, 0, 0};
  const Tensor<double> slope = jacobian(map, s);
  if (!all_finite(slope.span())) return point;
  const auto values = eigenvalues(slope);
  point.unstable = std::ranges::count_if(values, [](const auto& value) { return std::abs(value) > 1; });
  point.spectral_radius = values.empty() ? 0 : std::abs(values.front());
  return point;
}

RecordedSeries series_of(std::string name, std::string unit, const Subject& subject) {
  return {.name = std::move(name),
          .moment = subject.moment,
          .axis = "point",
          .descriptor = {.unit = std::move(unit)},
          .x = {},
          .y = {}};
}

/// States of the diagnostic batch, at steps spread over it.
Tensor<double> sampled_states(const Subject& subject) {
  StateMap map(subject);
  const Batch batch = subject.models.diagnostics();
  const BatchInputs inputs(batch, 8);
  std::vector<double> all;
  StateMap::Point point = map.start(inputs.rows());
  const std::int64_t wanted = std::max<std::int64_t>(1, starts / inputs.rows());
  const std::int64_t between = std::max<std::int64_t>(1, inputs.steps() / wanted);
  for (std::int64_t t = 0; t < inputs.steps(); ++t) {
    point = map.next(point, inputs.at(t));
    if ((t + 1) % between == 0 && std::ssize(all) < starts * map.size())
      all.insert(all.end(), point.s.span().begin(), point.s.span().end());
  }
  return Tensor<double>({std::ssize(all) / map.size(), map.size()}, all);
}

void look_at_fixed_points(const Subject& subject, Findings& findings) {
  const Tensor<double> from = sampled_states(subject);
  if (!all_finite(from.span())) return;
  StateMap map(subject, true);
  const std::vector<SlowPoint> points = slow_points(map, from);
  RecordedSeries speed = series_of("speed of slow points", "log10 of ½‖F(s) − s‖²", subject);
  RecordedSeries unstable = series_of("unstable directions of slow points", "eigenvalues", subject);
  RecordedSeries radius = series_of("spectral radius at slow points", "largest |eigenvalue|", subject);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (RecordedSeries* series : {&speed, &unstable, &radius})
      series->x.push_back(static_cast<double>(i + 1));
    speed.y.push_back(std::log10(std::max(points[i].speed, 1e-40)));
    unstable.y.push_back(static_cast<double>(points[i].unstable));
    radius.y.push_back(points[i].spectral_radius);
  }
  findings.numbers.push_back({"slow_points", static_cast<double>(points.size())});
  findings.numbers.push_back(
      {"stable_points", static_cast<double>(std::ranges::count(points, 0, &SlowPoint::unstable))});
  for (RecordedSeries* series : {&speed, &unstable, &radius}) findings.series.push_back(std::move(*series));
}

}  // namespace

std::vector<SlowPoint> slow_points(StateMap& map, const Tensor<double>& from,
                                   const FixedPointOptions& options) {
  const std::int64_t rows = from.shape()[0], size = map.size();
  Tensor<double> s = from;
  Adam adam(s.shape());
  for (std::int64_t i = 0; i < options.iterations; ++i) {
    const Tensor<double> f = movement(map, s);
    Tensor<double> gradient = map.pull_back({s}, map.no_input(rows), f);
    for (std::int64_t j = 0; j < s.numel(); ++j) gradient[j] -= f[j];
    const double done = static_cast<double>(i) / static_cast<double>(options.iterations);
    adam.step(gradient, options.rate * std::pow(1e-3, done), s);
  }
  std::vector<SlowPoint> points;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::span<const double> row =
        s.span().subspan(static_cast<std::size_t>(r * size), static_cast<std::size_t>(size));
    if (!all_finite(row)) continue;
    const Tensor<double> at = refined(map, Tensor<double>({1, size}, row));
    const double speed = speeds(movement(map, at))[0];
    if (!(speed <= options.slow)) continue;
    const auto known = std::ranges::find_if(
        points, [&](const SlowPoint& point) { return is_near(point, at, options.distance); });
    if (known != points.end())
      ++known->found;
    else
      points.push_back(point_at(map, at, speed));
  }
  std::ranges::stable_sort(points, std::greater(), &SlowPoint::found);
  return points;
}

Instrument fixed_points_row() {
  return {.name = "fixed_points",
          .shows =
              "Fixed and slow points of the states without input, found from 32 states of training "
              "sequences: how many, how slow, how many unstable directions each has.",
          .needs = "one direction",
          .source = "Sussillo & Barak 2013",
          .look = look_at_fixed_points,
          .objection = needs_one_direction};
}

}  // namespace unroll
