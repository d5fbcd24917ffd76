#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "experiments/sweep/plan.hpp"
#include "experiments/train/record.hpp"

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
    plan.trials.push_back({std::string(32 - number.size(), '0') + number, Config{}, point});
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

inline TrialRecord record_of(const Trial& trial, std::uint64_t number) {
  const std::string activation = value_or(trial, "model.activation", "tanh");
  const double length = std::stod(value_or(trial, "task.length", "30"));
  const Shape shape = shape_of(activation, length, noise(number, 999));
  const double trivial = 1.0 / 6;

  TrialRecord record;
  record.id = trial.id;
  record.trivial_loss = trivial;
  record.success_rule = "validation MSE below 0.0833 (half the trivial baseline)";
  record.best_loss = std::numeric_limits<double>::infinity();
  for (std::int64_t update = 100; update <= 3000 && !record.success; update += 100) {
    const double gone = static_cast<double>(update) / shape.knee;
    const double loss = trivial * (0.97 + 0.06 * noise(number, static_cast<std::uint64_t>(update))) /
                        (1 + std::pow(gone, 4)) * (update == 100 ? 1.4 : 1);
    const double wrong = std::min(1.0, 0.9 * loss / trivial + 0.05);
    record.curve.push_back({update, loss * 1.05, loss, wrong});
    record.updates = update;
    record.last_loss = loss;
    record.last_error_rate = wrong;
    if (loss < record.best_loss) {
      record.best_loss = loss;
      record.best_update = update;
    }
    if (loss < 0.5 * trivial) {
      record.success = true;
      record.solved_at = update;
    }
  }
  const auto steps = static_cast<std::size_t>(length);
  record.gradient_norms = {{0, norms_of(steps, shape.decay_start, number, 0.02)},
                           {record.updates, norms_of(steps, shape.decay_end, number + 7777, 0.05)}};
  // Saturated units have a derivative of exactly zero: nothing arrives at the early steps.
  if (activation == "sigmoid" && length >= 60)
    for (std::size_t t = 0; t < steps / 4; ++t) record.gradient_norms[1].norms[t] = 0;
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
  while (!record.curve.empty() && record.curve.back().update > at) record.curve.pop_back();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  record.curve.push_back({at, nan, nan, 1});
  record.last_loss = nan;
  record.last_error_rate = 1;
  record.gradient_norms.back() = {at, std::vector<double>(record.gradient_norms.back().norms.size(), nan)};
}

inline void make_failed(TrialRecord& record, const std::string& reason) {
  TrialRecord failed;
  failed.id = record.id;
  failed.status = TrialStatus::failed;
  failed.reason = reason;
  failed.success_rule = record.success_rule;
  failed.trivial_loss = record.trivial_loss;
  failed.build = record.build;
  record = failed;
}

inline std::vector<TrialRecord> records_of(const SweepPlan& plan) {
  std::vector<TrialRecord> records;
  for (const Trial& trial : plan.trials) records.push_back(record_of(trial, records.size()));
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
