#include "experiments/tasks/narma.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"
#include "experiments/tasks/series/least_squares.hpp"

namespace unroll {
namespace {

constexpr std::int64_t order = 10, washout = 30;
constexpr double most_input = 0.5;
/// Of the one series that says how y is spread, and what a linear filter of the last inputs makes of it.
constexpr std::int64_t reference_steps = 10000, filter_inputs = 20;
constexpr std::uint64_t reference_seed = 4;

struct Series {
  std::vector<double> u, y;  ///< y[t] follows from u up to u[t]: y_(t+1) of the definition
};

double at(const std::vector<double>& values, std::int64_t t) {
  return t < 0 ? 0 : values[static_cast<std::size_t>(t)];
}

Series drawn(Stream& stream, std::int64_t steps) {
  Series all;
  for (std::int64_t t = 0; t < steps; ++t) {
    all.u.push_back(stream.uniform(0, most_input));
    double sum = 0;
    for (std::int64_t i = 1; i <= order; ++i) sum += at(all.y, t - i);
    const double now = at(all.y, t - 1);
    all.y.push_back(0.3 * now + 0.05 * now * sum + 1.5 * at(all.u, t - order + 1) * all.u.back() + 0.1);
  }
  return all;
}

/// One that stays where such series stay: beyond 2 they only grow.
Series bounded(Stream& stream, std::int64_t steps) {
  for (;;) {
    Series all = drawn(stream, steps);
    if (std::ranges::all_of(all.y, [](double y) { return y <= 2; })) return all;
  }
}

struct Spread {
  double mean = 0, deviation = 1;
};

Spread spread_of(const Series& all) {
  const auto n = static_cast<double>(std::ssize(all.y) - washout);
  Spread spread{0, 0};
  for (std::int64_t t = washout; t < std::ssize(all.y); ++t) spread.mean += at(all.y, t) / n;
  for (std::int64_t t = washout; t < std::ssize(all.y); ++t)
    spread.deviation += std::pow(at(all.y, t) - spread.mean, 2) / n;
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

/// Mean squared error of the best linear filter of the last inputs, fitted to half of a series and tried on
/// the other, in deviations.
double filter_loss(const Series& all, const Spread& spread) {
  const std::int64_t rows = (std::ssize(all.u) - washout) / 2, columns = filter_inputs + 1;
  const auto inputs_at = [&](std::int64_t t, double* to) {
    *to++ = 1;
    for (std::int64_t lag = 0; lag < filter_inputs; ++lag) *to++ = at(all.u, t - lag);
  };
  const auto wanted_at = [&](std::int64_t t) { return (at(all.y, t) - spread.mean) / spread.deviation; };
  Tensor<double> inputs({rows, columns}), wanted({rows});
  for (std::int64_t row = 0; row < rows; ++row) {
    inputs_at(washout + row, inputs.data() + row * columns);
    wanted[row] = wanted_at(washout + row);
  }
  const std::vector<double> weights = least_squares(inputs, wanted, 1e-6);
  std::vector<double> read(static_cast<std::size_t>(columns));
  double squares = 0;
  for (std::int64_t t = washout + rows; t < washout + 2 * rows; ++t) {
    inputs_at(t, read.data());
    double error = -wanted_at(t);
    for (std::size_t c = 0; c < read.size(); ++c) error += weights[c] * read[c];
    squares += error * error;
  }
  return squares / static_cast<double>(rows);
}

class Narma final : public GeneratedTask {
 public:
  explicit Narma(const TaskConfig& config) : Narma(config, reference()) {}

  double trivial_loss() const override { return filter_loss_; }
  SuccessRule success() const override {
    return {{{"nrmse", Condition::Relation::below, 0.2}},
            "NRMSE below 0.2 (our rule; a linear filter of the last 20 inputs has about 0.4)"};
  }
  bool ends_when_solved() const override { return false; }
  std::vector<Baseline> baselines() const override {
    return {{"mean", 1.0, 1.0}, {"linear, 20 inputs", filter_loss_, filter_loss_}};
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    const Series all = bounded(stream, length);
    Tensor<float> inputs({length, 1}), target({length, 1}), weights({length});
    for (std::int64_t t = 0; t < length; ++t) {
      inputs[t] = static_cast<float>((at(all.u, t) - most_input / 2) / (most_input / std::sqrt(12.0)));
      target[t] = static_cast<float>((at(all.y, t) - spread_.mean) / spread_.deviation);
      weights[t] = t < washout ? 0.0f : 1.0f;
    }
    return {std::move(inputs), std::move(target), std::move(weights)};
  }
  bool weighted() const override { return true; }

 private:
  static Series reference() {
    Stream stream(reference_seed, Purpose::check);
    return bounded(stream, reference_steps);
  }

  Narma(const TaskConfig& config, const Series& known) : Narma(config, known, spread_of(known)) {}
  Narma(const TaskConfig& config, const Series& known, const Spread& spread)
      : GeneratedTask({.input_size = 1,
                       .output_size = 1,
                       .readout = Readout::every_step,
                       .objective = mse_objective(),
                       .criterion = {.units = {spread.deviation}}},
                      per_batch(config.length)),
        spread_(spread),
        filter_loss_(filter_loss(known, spread)) {
    require_length(config, washout + 1, "the first 30 steps count nothing");
  }

  Spread spread_;
  double filter_loss_;
};

}  // namespace

TaskRow narma10_row() {
  return {
      .name = "narma10",
      .summary = "the next value of a nonlinear moving average of order 10, from the noise that drives it",
      .source = "Atiya & Parlos 2000, New results on recurrent network training",
      .variants = {"standard"},
      .length = 200,
      .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
        return std::make_unique<Narma>(config);
      }};
}

}  // namespace unroll
