#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// One direction in which a sweep varies: a key, or several that vary together ("model.activation,
/// model.init" of zipped cases).
struct SweepAxis {
  std::vector<std::string> keys;
  std::string name;                 ///< the keys without their tables: "activation, init"
  std::vector<std::string> labels;  ///< its values; rising when numeric, otherwise in the order of the plan
  /// What a label stands for, one value per key: two of them may look alike as a label, where a value holds
  /// a comma.
  std::vector<std::vector<std::string>> points;
  std::vector<double> numbers;  ///< the values when every label is a number; otherwise empty

  bool numeric() const { return !numbers.empty(); }
};

/// What stands for the value of a key that a trial does not set.
inline constexpr const char* absent_value = "–";

/// Cases need not all set the same keys: where one is not set, the setting outside the sweep holds.
std::string axis_value(const Trial& trial, const std::string& key);

/// The axes of a sweep but the seed. Keys of which not every combination of values occurs in the plan vary
/// together. What reads best first: categories (activations), then "task.length", then other numbers.
std::vector<SweepAxis> sweep_axes(const SweepPlan& plan);

/// Trials that differ by the seed only, since what differs between any two trials is an axis of the plan.
struct SweepCell {
  std::vector<std::size_t> at;           ///< index of the value on each axis
  std::vector<const Trial*> trials;      ///< in plan order
  std::vector<const TrialRecord*> runs;  ///< the record of each trial; null while it is missing
};

/// All cells that the plan has trials for, ordered by axis values, last axis fastest. Records are found by
/// id; the first of each id counts and one that is not in the plan is left out. Keeps pointers into both.
std::vector<SweepCell> sweep_cells(const SweepPlan& plan, const std::vector<SweepAxis>& axes,
                                   const std::vector<TrialRecord>& records);

/// Its value on each axis, as text.
std::vector<std::string> cell_labels(const std::vector<SweepAxis>& axes, const SweepCell& cell);

/// Per trial of the plan, its record or null.
std::vector<const TrialRecord*> runs_of(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
