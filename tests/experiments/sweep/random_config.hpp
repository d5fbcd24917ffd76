#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "experiments/tasks/task.hpp"
#include "models/cell_table.hpp"
#include "tests/support/laboratory.hpp"

/// Configs as RapidCheck draws them: any keys, any values that are allowed.
namespace unroll::test {

inline double random_number(const OptionRange& range) {
  const double min = std::max(range.min, 0.0);
  const double max = std::min(range.max, 10.0);
  const auto share = static_cast<double>(*rc::gen::inRange<std::int64_t>(1, 1 << 30)) / (1 << 30);
  return min + (max - min) * share;
}

/// Settings of the task and sizes stay where every combination of them is allowed.
inline std::int64_t random_integer(const Option& option) {
  if (option.key == "model.hidden") return *rc::gen::inRange(100, 200);
  if (option.key == "train.batch") return *rc::gen::inRange<std::int64_t>(10, 100);
  if (option.key == "train.batch_shards") return *rc::gen::inRange<std::int64_t>(1, 10);
  return *rc::gen::inRange<std::int64_t>(1, 100);
}

/// Tasks that need no text: those that make their sequences to a length.
inline std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const TaskRow& row : laboratory().tasks())
    if (row.length) names.emplace_back(row.name);
  return names;
}

/// Instruments that can look at every model of every task.
inline std::vector<std::string> instrument_names() {
  std::vector<std::string> names;
  for (const Instrument& row : laboratory().instruments())
    if (!row.objection) names.push_back(row.name);
  return names;
}

inline OptionValue random_value(const Option& option) {
  if (option.key == "task.name") return *rc::gen::elementOf(task_names());
  if (option.key == "diagnose") return std::vector<std::string>{*rc::gen::elementOf(instrument_names())};
  if (option.known) return *rc::gen::elementOf(option.known());
  if (std::holds_alternative<CellText>(option.default_value))
    return CellText(*rc::gen::elementOf(names_of(laboratory().cells())));
  if (option.key == "diagnose_loss_step") return *rc::gen::element<std::string>("last", "all", "1", "17");
  if (option.key == "diagnose_at")
    return std::vector<std::string>{*rc::gen::element<std::string>("0", "7", "every 3"), "end"};
  if (std::holds_alternative<LengthRange>(option.default_value))
    return LengthRange(*rc::gen::inRange<std::int64_t>(100, 200));
  if (std::holds_alternative<std::int64_t>(option.default_value)) return random_integer(option);
  if (std::holds_alternative<std::uint64_t>(option.default_value))
    return *rc::gen::arbitrary<std::uint64_t>();
  if (std::holds_alternative<bool>(option.default_value)) return *rc::gen::arbitrary<bool>();
  return random_number(option.range);
}

/// Whether every task that is drawn has it.
inline bool of_all_tasks(const Option& option) {
  return option.owners.empty() || std::ranges::all_of(task_names(), [&](const std::string& name) {
           return std::ranges::find(option.owners, name) != option.owners.end();
         });
}

inline std::vector<const Option*> free_options() {
  std::vector<const Option*> all;
  for (const Option& option : laboratory().options().rows()) {
    // What these may be depends on the task.
    if (option.key == "task.variant" || option.key == "task.test_lengths" || option.key == "train.window" ||
        option.key == "train.stride" || option.key == "model.tied" || option.key == "model.readout" ||
        option.key == "train.flossing" || option.key == "train.own_feedback" ||
        std::holds_alternative<InputFile>(option.default_value))
      continue;
    if (option.affects_results && of_all_tasks(option)) all.push_back(&option);
  }
  return all;
}

inline std::string list_of(const Option& option) {
  std::set<OptionValue> values;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) values.insert(random_value(option));
  std::vector<std::string> texts;
  for (const OptionValue& value : values) texts.push_back(to_toml(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

/// Some keys fixed, some swept, two of them zipped.
inline std::string random_config() {
  std::vector<const Option*> keys = free_options();
  for (std::size_t i = keys.size(); i > 1; --i) {
    std::swap(keys[i - 1], keys[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  std::string text;
  const auto fixed = *rc::gen::inRange<std::size_t>(0, 8);
  for (std::size_t i = 0; i < fixed; ++i) {
    text += fmt::format("\"{}\" = {}\n", keys[i]->key, to_toml(random_value(*keys[i])));
  }
  text += "[sweep]\n";
  const auto swept = *rc::gen::inRange<std::size_t>(0, 3);
  // A key may be both fixed and swept: the axis wins.
  const std::size_t first = fixed - std::min<std::size_t>(fixed, *rc::gen::inRange<std::size_t>(0, 2));
  for (std::size_t i = 0; i < swept; ++i) {
    if (keys[first + i]->matters) continue;  // an axis of trials in which it may not be
    text += fmt::format("\"{}\" = {}\n", keys[first + i]->key, list_of(*keys[first + i]));
  }
  const Option& a = *keys[first + swept];
  const Option& b = *keys[first + swept + 1];
  if (*rc::gen::arbitrary<bool>() && !a.matters && !b.matters) {
    text += fmt::format("cases = [{{ \"{}\" = {}, \"{}\" = {} }}]\n", a.key, to_toml(random_value(a)), b.key,
                        to_toml(random_value(b)));
  }
  return text;
}

}  // namespace unroll::test
