#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/value.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// One thing that may tell two trials apart.
struct TrialSetting {
  std::string_view key;
  OptionValue value;
};

/// What a setting is in a config; nothing where the config has none of that key: that of another task, a
/// constant of another cell.
std::optional<OptionValue> value_in(const Laboratory& laboratory, const Config& config, const Option& option);

/// Every result-affecting setting of a trial that can matter in it, in the order of the options table,
/// defaults filled in, and results_revision.
std::vector<TrialSetting> settings_of(const Laboratory& laboratory, const Trial& trial);

/// Whether the value of a key is the one that the trial's other settings imply: its default, or what follows
/// from them; also of a key that the trial does not have.
bool is_implied(const Laboratory& laboratory, const Trial& trial, std::string_view key);

/// What two values have in common that mean the same: of a cell its equations, of a text file what it says.
std::string canonical(const OptionValue& value);

/// Derives the axes of a set of trials: `swept` in its order, then every other key whose value differs
/// between any two of them (results_revision among these), in the order of the options table. A default that
/// follows from other settings in all trials (the epsilon of each optimiser) tells nothing that those do not,
/// and is no axis. Two values that differ never share a text.
void derive_axes(const Laboratory& laboratory, SweepPlan& plan, const std::vector<std::string>& swept);

}  // namespace unroll
