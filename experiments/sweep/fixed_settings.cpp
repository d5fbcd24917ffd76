#include "experiments/sweep/fixed_settings.hpp"

#include <algorithm>
#include <set>

#include "experiments/laboratory.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {
namespace {

/// What a trial's defaults follow from, as one text.
std::string governing_values(const Laboratory& laboratory, Config config) {
  std::string text;
  for (const Option& option : laboratory.options().rows())
    if (governs_defaults(option.key)) text += to_text(load(option.field(config))) + '\n';
  return text;
}

/// One trial for each set of defaults.
std::vector<const Trial*> one_of_each(const Laboratory& laboratory, const SweepPlan& plan) {
  std::vector<const Trial*> trials;
  std::set<std::string> seen;
  for (const Trial& trial : plan.trials)
    if (seen.insert(governing_values(laboratory, trial.config)).second) trials.push_back(&trial);
  return trials;
}

std::string fixed_text_of(const OptionValue& value) {
  const auto* file = std::get_if<InputFile>(&value);
  return file && !file->hash.empty() ? with_hash(*file) : to_text(value);
}

}  // namespace

std::vector<FixedSetting> fixed_settings(const Laboratory& laboratory, const SweepPlan& plan) {
  std::vector<FixedSetting> fixed;
  std::set<std::string, std::less<>> listed(plan.axis_keys.begin(), plan.axis_keys.end());
  for (const Trial* trial : one_of_each(laboratory, plan))
    for (const TrialSetting& setting : settings_of(laboratory, *trial)) {
      const bool open = !listed.contains(setting.key);
      if (!open || !laboratory.options().find(setting.key) || is_implied(laboratory, *trial, setting.key))
        continue;
      listed.emplace(setting.key);
      fixed.push_back({std::string(setting.key), fixed_text_of(setting.value)});
    }
  return fixed;
}

}  // namespace unroll
