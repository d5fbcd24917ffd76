#include "experiments/sweep/trial_axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "experiments/laboratory.hpp"

namespace unroll {

namespace {

constexpr std::string_view revision_key = "results_revision";

bool same(const OptionValue& a, const OptionValue& b) { return a == b || canonical(a) == canonical(b); }

/// The value of one key over the trials of a set.
struct Seen {
  OptionValue first;
  std::size_t trials = 0;  ///< that have it
  bool differs = false;
};

using SeenKeys = std::map<std::string_view, Seen>;

bool is_setting(const Option& option, const Config& config) {
  return option.affects_results && (!option.matters || option.matters(config));
}

/// Nothing is copied but the first value of each key: most keys differ in no trial.
SeenKeys seen_in(const Laboratory& laboratory, std::vector<Trial>& trials) {
  SeenKeys keys;
  const auto take = [&](std::string_view key, const OptionField& field) {
    const auto at = keys.find(key);
    Seen& seen = at != keys.end() ? at->second : keys.emplace(key, Seen{load(field)}).first->second;
    ++seen.trials;
    if (!seen.differs && !field_equals(field, seen.first)) seen.differs = !same(seen.first, load(field));
  };
  for (Trial& trial : trials) {
    for (const Option* option : laboratory.rows_of(trial.config))
      if (is_setting(*option, trial.config)) take(option->key, option->field(trial.config));
    std::int64_t revision = trial.revision;
    take(revision_key, &revision);
  }
  for (auto& [key, seen] : keys) seen.differs = seen.differs || seen.trials < trials.size();
  return keys;
}

/// Null for a key that a trial does not have: a constant of another cell, say.
const TrialSetting* find(const std::vector<TrialSetting>& settings, std::string_view key) {
  const auto at = std::ranges::find(settings, key, &TrialSetting::key);
  return at == settings.end() ? nullptr : &*at;
}

/// The table's keys in its order, then what it does not list: constants of cells, the revision.
std::vector<std::string_view> in_order(const OptionTable& options, const SeenKeys& keys) {
  std::vector<std::string_view> order;
  for (const Option& option : options.rows())
    if (keys.contains(option.key)) order.push_back(option.key);
  for (const auto& [key, seen] : keys)
    if (std::ranges::find(order, key) == order.end()) order.push_back(key);
  return order;
}

std::vector<std::string> axis_keys(const Laboratory& laboratory, std::vector<Trial>& trials,
                                   const std::vector<std::string>& swept) {
  const SeenKeys seen = seen_in(laboratory, trials);
  std::vector<std::string> keys = swept;
  for (const std::string_view key : in_order(laboratory.options(), seen)) {
    if (!seen.at(key).differs || std::ranges::find(swept, key) != swept.end()) continue;
    const bool implied =
        std::ranges::all_of(trials, [&](const Trial& trial) { return is_implied(laboratory, trial, key); });
    if (!implied) keys.emplace_back(key);
  }
  return keys;
}

/// Texts of one key's values, each of its own: where what is shown short (a path without what the file says,
/// a cell without all digits of its hash) looks alike, the long form stands.
class Labels {
 public:
  void add(const OptionValue& value) {
    const auto [at, fresh] = shown_.try_emplace(canonical(value));
    if (!fresh) return;
    at->second = to_text(value);
    ++alike_[at->second];
  }

  std::string of(const OptionValue& value) const {
    const auto at = shown_.find(canonical(value));
    if (alike_.at(at->second) == 1) return at->second;
    const auto* file = std::get_if<InputFile>(&value);
    return file ? with_hash(*file) : at->first;
  }

 private:
  std::map<std::string, std::string> shown_;  ///< by canonical value
  std::map<std::string, int> alike_;          ///< canonical values by what is shown of them
};

/// The value of one key; nothing where the trial does not have it.
std::optional<OptionValue> value_of(const Laboratory& laboratory, Trial& trial, const std::string& key) {
  const Option* option = laboratory.options().find(key);
  if (!option || option->of_family) {  // which of these a trial has only the list of all tells
    const auto settings = settings_of(laboratory, trial);
    const TrialSetting* setting = find(settings, key);
    return setting ? std::optional(setting->value) : std::nullopt;
  }
  if (!laboratory.has(trial.config, *option) || !is_setting(*option, trial.config)) return std::nullopt;
  return load(option->field(trial.config));
}

template <class Visit>
void for_each_axis_value(const Laboratory& laboratory, SweepPlan& plan, const Visit& visit) {
  for (Trial& trial : plan.trials)
    for (const std::string& key : plan.axis_keys)
      if (const auto value = value_of(laboratory, trial, key)) visit(trial, key, *value);
}

}  // namespace

std::string canonical(const OptionValue& value) {
  if (const auto* cell = std::get_if<CellText>(&value))
    return label_of(*cell) + equations_hash(cell_table(), *cell);
  if (const auto* file = std::get_if<InputFile>(&value); file && !file->hash.empty()) return file->hash;
  return to_text(value);
}

std::optional<OptionValue> value_in(const Laboratory& laboratory, const Config& config,
                                    const Option& option) {
  if (!laboratory.has(config, option)) return std::nullopt;
  Config copy = config;  // asking for a constant makes it
  const OptionValue value = load(option.field(copy));
  return is_unset(value) ? std::nullopt : std::optional(value);
}

std::vector<TrialSetting> settings_of(const Laboratory& laboratory, const Trial& trial) {
  Config config = trial.config;
  std::vector<TrialSetting> settings;
  for (const Option* option : laboratory.rows_of(config))
    if (is_setting(*option, trial.config)) settings.push_back({option->key, load(option->field(config))});
  settings.push_back({revision_key, std::int64_t{trial.revision}});
  return settings;
}

bool is_implied(const Laboratory& laboratory, const Trial& trial, std::string_view key) {
  const Option* option = laboratory.options().find(key);
  const auto settings = settings_of(laboratory, trial);
  const TrialSetting* setting = find(settings, key);
  if (!setting) return true;
  if (!option) return false;
  Config config = trial.config;
  store(option->field(config), option->default_value);
  laboratory.resolve(config);
  return load(option->field(config)) == setting->value;
}

void derive_axes(const Laboratory& laboratory, SweepPlan& plan, const std::vector<std::string>& swept) {
  plan.axis_keys = axis_keys(laboratory, plan.trials, swept);
  for (Trial& trial : plan.trials) trial.axes.clear();
  std::map<std::string_view, Labels> labels;
  for_each_axis_value(laboratory, plan, [&](Trial&, const std::string& key, const OptionValue& value) {
    labels[key].add(value);
  });
  for_each_axis_value(laboratory, plan, [&](Trial& trial, const std::string& key, const OptionValue& value) {
    trial.axes.emplace(key, labels.at(key).of(value));
  });
}

}  // namespace unroll
