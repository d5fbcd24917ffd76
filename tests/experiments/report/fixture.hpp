#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

/// Made-up sweeps for the tests of tables and report: cheap, the same on every machine, with everything in
/// them that a report must cope with.
namespace unroll::fixture {

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

using Axis = std::vector<std::map<std::string, std::string>>;  ///< per value: the keys that it sets

inline Axis axis(const std::string& key, const std::vector<std::string>& values) {
  Axis out;
  for (const std::string& value : values) out.push_back({{key, value}});
  return out;
}

/// The product of `axes`, last one fastest. Ids count up from 0.
inline SweepPlan plan_of(const std::vector<std::string>& keys, const std::vector<Axis>& axes) {
  std::vector<std::map<std::string, std::string>> points{{}};
  for (const Axis& values : axes) {
    std::vector<std::map<std::string, std::string>> longer;
    for (const auto& point : points)
      for (auto value : values) {
        value.insert(point.begin(), point.end());
        longer.push_back(value);
      }
    points = longer;
  }
  SweepPlan plan;
  plan.axis_keys = keys;
  plan.resolved = "[task]\nname = \"adding\"\n\n[train]\nlearning_rate = 0.001  # \"</script><b>&amp;\"\n";
  for (const auto& point : points) {
    const std::string number = std::to_string(plan.trials.size());
    Config config;
    config.diagnose_loss_step = "last";
    plan.trials.push_back({std::string(32 - number.size(), '0') + number, config, point});
  }
  return plan;
}

/// 5 seeds × 4 lengths × 3 zipped cases, as in long_range.toml.
inline SweepPlan long_range_plan() {
  const Axis cases{{{"model.activation", "tanh"}, {"model.init", "glorot"}},
                   {{"model.activation", "relu"}, {"model.init", "identity"}},
                   {{"model.activation", "sigmoid"}, {"model.init", "glorot"}}};
  return plan_of(
      {"seed", "task.length", "model.activation", "model.init"},
      {axis("seed", {"0", "1", "2", "3", "4"}), axis("task.length", {"10", "30", "60", "100"}), cases});
}

/// Uniform in [0, 1), a function of its arguments (SplitMix64's finaliser).
inline double noise(std::uint64_t trial, std::uint64_t step) {
  std::uint64_t z = (trial * 100'003 + step + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

inline std::string value_or(const Trial& trial, const std::string& key, const std::string& otherwise) {
  const auto found = trial.axes.find(key);
  return found == trial.axes.end() ? otherwise : found->second;
}

/// How a made-up network learns: loss falls from the baseline around `knee` updates (never: infinite).
struct Shape {
  double knee;
  double decay_start, decay_end;  ///< factor of the gradient per step back in time
};

inline Shape shape_of(const std::string& activation, double length, double luck) {
  const double never = std::numeric_limits<double>::infinity();
  if (activation == "relu") return {200 + 12 * length * (0.6 + luck), 1.0, 0.998};
  if (activation == "sigmoid") return {length <= 10 ? 2600 + 900 * luck : never, 0.24, 0.32};
  return {length <= 30 ? 150 + 45 * length * (0.6 + luck) : never, 0.86, 0.93};
}

inline std::vector<double> norms_of(std::size_t length, double decay, std::uint64_t trial, double scale) {
  std::vector<double> norms(length);
  for (std::size_t t = 0; t < length; ++t)
    norms[t] = scale * std::pow(decay, static_cast<double>(length - 1 - t)) * (0.8 + 0.4 * noise(trial, t));
  return norms;
}

/// Of a trial of which nothing is known yet.
inline TrialRecord empty_record(const Trial& trial) {
  TrialRecord record;
  record.id = trial.id;
  return record;
}

inline std::vector<double> steps_of(std::size_t length) {
  std::vector<double> steps(length);
  for (std::size_t t = 0; t < length; ++t) steps[t] = static_cast<double>(t + 1);
  return steps;
}

inline RecordedSeries norms_series(const std::string& state, const std::string& moment,
                                   const std::vector<double>& norms) {
  return {.name = "gradient norm of " + state,
          .moment = moment,
          .axis = "time step",
          .descriptor = {.unit = "‖∂L/∂" + state + "_t‖", .logarithmic = true},
          .x = steps_of(norms.size()),
          .y = norms};
}

inline RecordedSeries curve_of(const std::string& name, const std::string& moment,
                               const FigureDescriptor& descriptor, const std::vector<double>& x = {},
                               const std::vector<double>& y = {}) {
  return {.name = name,
          .moment = moment,
          .axis = "update",
          .held = true,
          .descriptor = descriptor,
          .x = x,
          .y = y};
}

inline const FigureDescriptor loss_figure{
    .unit = "mean squared error", .direction = "lower", .logarithmic = true};
inline const FigureDescriptor error_figure{.unit = "share of answers", .direction = "lower"};
inline const FigureDescriptor accuracy_figure{.unit = "share of answers", .direction = "higher"};

inline void add_point(TrialRecord& record, const RecordedSeries& like, double x, double y) {
  RecordedSeries& series = record.series_like(like);
  series.x.push_back(x);
  series.y.push_back(y);
}

inline void set_metrics(TrialRecord& record, const std::string& prefix, double loss, double wrong) {
  record.set({prefix + "loss", loss, loss_figure});
  record.set({prefix + "error_rate", wrong, error_figure});
  record.set({prefix + "accuracy", 1 - wrong, accuracy_figure});
}

/// As a validation notes it.
inline void note(TrialRecord& record, std::int64_t update, double loss, double wrong) {
  const auto x = static_cast<double>(update);
  add_point(record, curve_of("loss", "validation", loss_figure), x, loss);
  add_point(record, curve_of("error_rate", "validation", error_figure), x, wrong);
  add_point(record, curve_of("accuracy", "validation", accuracy_figure), x, 1 - wrong);
  add_point(record, curve_of("loss", "training", loss_figure), x, loss * 0.8);
  record.updates = update;
  set_metrics(record, "last_", loss, wrong);
  if (const auto best = record.scalar("best_loss"); best && *best <= loss) return;
  set_metrics(record, "best_", loss, wrong);
  record.best_update = update;
}

inline TrialRecord record_of(const Trial& trial, std::uint64_t number) {
  const std::string activation = value_or(trial, "model.activation", "tanh");
  const double length = std::stod(value_or(trial, "task.length", "30"));
  const Shape shape = shape_of(activation, length, noise(number, 999));
  const double trivial = 1.0 / 6;
  const auto steps = static_cast<std::size_t>(length);

  TrialRecord record = empty_record(trial);
  record.set({"trivial_loss", trivial, loss_figure});
  record.success_rule = "validation MSE below 0.0833 (half the trivial baseline)";
  record.series.push_back(norms_series("h", "start", norms_of(steps, shape.decay_start, number, 0.02)));
  for (std::int64_t update = 100; update <= 3000 && !record.success; update += 100) {
    const double gone = static_cast<double>(update) / shape.knee;
    const double loss = trivial * (0.97 + 0.06 * noise(number, static_cast<std::uint64_t>(update))) /
                        (1 + std::pow(gone, 4)) * (update == 100 ? 1.4 : 1);
    note(record, update, loss, std::min(1.0, 0.9 * loss / trivial + 0.05));
    record.success = loss < 0.5 * trivial;
    if (record.success) record.solved_at = update;
  }
  std::vector<double> norms = norms_of(steps, shape.decay_end, number + 7777, 0.05);
  // Saturated units have a derivative of exactly zero: nothing arrives at the early steps.
  if (activation == "sigmoid" && length >= 60) std::fill_n(norms.begin(), steps / 4, 0.0);
  record.series.push_back(norms_series("h", "end", norms));
  set_metrics(record, "test_", *record.scalar("best_loss") * 1.02, *record.scalar("best_error_rate"));
  record.seconds = 1.5 + length / 10;
  record.build = "unroll 0.1.0, g++ 12.2.0, Imaginary CPU @ 3.0 GHz, avx512 kernels";
  return record;
}

inline void make_diverged(TrialRecord& record, std::int64_t at) {
  record.status = TrialStatus::diverged;
  record.reason =
      "h_t is NaN from t = 57 on, in h' = relu(W_xh x + W_hh h + b_h), update " + std::to_string(at);
  record.success = false;
  record.solved_at.reset();
  record.updates = at;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::erase_if(record.series, [](const RecordedSeries& series) { return series.moment == "end"; });
  for (RecordedSeries& series : record.series) {
    if (!series.held) continue;
    while (!series.x.empty() && series.x.back() >= static_cast<double>(at)) {
      series.x.pop_back();
      series.y.pop_back();
    }
    series.x.push_back(static_cast<double>(at));
    series.y.push_back(nan);
  }
  set_metrics(record, "last_", nan, 1);
}

inline void make_failed(TrialRecord& record, const std::string& reason) {
  TrialRecord failed;
  failed.id = record.id;
  failed.status = TrialStatus::failed;
  failed.reason = reason;
  failed.success_rule = record.success_rule;
  failed.build = record.build;
  record = failed;
}

/// Gates that keep a second state, and tests at lengths beyond the one that was trained.
inline void add_lengths_and_state(TrialRecord& record, double trained, std::uint64_t number) {
  for (const char* moment : {"start", "end"})
    record.series.push_back(
        norms_series("c", moment, norms_of(30, *moment == 's' ? 0.9 : 0.99, number, 0.1)));
  for (const double length : {10.0, 20.0, 30.0, 60.0, 100.0, 200.0, 400.0}) {
    const double wrong = 1 / (1 + std::pow(4 * trained / length, 2)) * (0.9 + 0.1 * noise(number, 5));
    const auto like = [](const std::string& name, const FigureDescriptor& descriptor) {
      return RecordedSeries{.name = name + " over length",
                            .moment = "test",
                            .axis = "length",
                            .descriptor = descriptor,
                            .x = {},
                            .y = {}};
    };
    add_point(record, like("loss", loss_figure), length, wrong / 6);
    add_point(record, like("error_rate", error_figure), length, wrong);
    add_point(record, like("accuracy", accuracy_figure), length, 1 - wrong);
  }
}

/// 4 cells on one range of lengths, 3 seeds each, tested at lengths beyond it.
inline SweepPlan lengths_plan() {
  SweepPlan plan = plan_of({"model.cell", "seed"}, {axis("model.cell", {"vanilla", "gru", "lstm", "mgu"}),
                                                    axis("seed", {"0", "1", "2"})});
  for (Trial& trial : plan.trials) trial.config.task.length = LengthRange(10, 40);
  return plan;
}

inline std::vector<TrialRecord> records_of(const SweepPlan& plan) {
  std::vector<TrialRecord> records;
  for (const Trial& trial : plan.trials) records.push_back(record_of(trial, records.size()));
  return records;
}

inline std::vector<TrialRecord> lengths_records(const SweepPlan& plan) {
  std::vector<TrialRecord> records = records_of(plan);
  for (std::size_t i = 0; i < records.size(); ++i)
    add_lengths_and_state(records[i], 20 + 30 * static_cast<double>(i / 3), i);
  return records;
}

/// Energies in three bands, and the probabilities of two labels over them, the first one's less `off`.
inline void add_picture(TrialRecord& record, double off) {
  for (const double band : {100.0, 200.0, 400.0})
    record.series.push_back({.name = "<a>.wav: yes",
                             .moment = fmt::format("{} Hz", band),
                             .axis = "second",
                             .descriptor = {.unit = "log of the energy"},
                             .x = {0.1, 0.3, 0.5},
                             .y = {band, band + 1, band + 2}});
  for (const bool first : {true, false})
    record.series.push_back({.name = "answers in <a>.wav: yes",
                             .moment = first ? "yes" : "<b>",
                             .axis = "second",
                             .descriptor = {.unit = "probability"},
                             .x = {0.2, 0.4},
                             .y = {first ? 0.5 : 0.001, first ? 0.9 - off : 0.002},
                             .over = "<a>.wav: yes"});
}

/// With what a model of three classes answers, differently in each run, and with its accuracy on two parts.
inline std::vector<TrialRecord> classes_records(const SweepPlan& plan) {
  const std::vector<std::string> names = {"yes", "no", "<b>"};
  const std::vector<std::vector<double>> shares = {{0.9, 0.1, 0}, {0.1, 0.8, 0.1}, {0.2, 0.2, 0.6}};
  std::vector<TrialRecord> records = records_of(plan);
  for (std::size_t i = 0; i < records.size(); ++i) {
    add_picture(records[i], 0.1 * static_cast<double>(i));
    for (std::size_t row = 0; row < names.size(); ++row) {
      std::vector<double> answers = shares[row];
      for (double& share : answers) share *= 1 + 0.01 * (static_cast<double>(i) - 1);
      records[i].series.push_back({.name = "answers to each class",
                                   .moment = names[row],
                                   .axis = "answer",
                                   .descriptor = {.unit = "share of the class"},
                                   .x = {0, 1, 2},
                                   .y = answers,
                                   .names = names});
    }
    records[i].series.push_back({.name = "accuracy of each part",
                                 .moment = "test",
                                 .axis = "part of the test set",
                                 .descriptor = {.unit = "share of answers", .direction = "higher"},
                                 .x = {0, 1},
                                 .y = {0.9, 0.7 + 0.01 * static_cast<double>(i)},
                                 .names = {"ann", "bob"}});
  }
  return records;
}

/// 60 records of long_range_plan(): one ReLU trial of length 100 has diverged, a tanh one of length 60
/// failed.
inline std::vector<TrialRecord> long_range_records(const SweepPlan& plan) {
  std::vector<TrialRecord> records = records_of(plan);
  make_diverged(records[4 * 12 + 3 * 3 + 1], 700);
  make_failed(records[2 * 12 + 2 * 3 + 0], "cannot write trials/<id>: No space left on device & </script>");
  return records;
}

}  // namespace unroll::fixture
