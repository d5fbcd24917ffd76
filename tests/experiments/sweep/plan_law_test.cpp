#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/config/options.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/tasks/task.hpp"
#include "models/cell_table.hpp"
#include "tests/experiments/config/fixture.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

double random_number(const OptionRange& range) {
  const double min = std::max(range.min, 0.0);
  const double max = std::min(range.max, 10.0);
  const auto share = static_cast<double>(*rc::gen::inRange<std::int64_t>(1, 1 << 30)) / (1 << 30);
  return min + (max - min) * share;
}

/// Settings of the task and sizes stay where every combination of them is allowed.
std::int64_t random_integer(const Option& option) {
  if (option.key == "task.length" || option.key == "model.hidden") return *rc::gen::inRange(100, 200);
  if (option.key == "train.batch") return *rc::gen::inRange<std::int64_t>(10, 100);
  if (option.key == "train.batch_shards") return *rc::gen::inRange<std::int64_t>(1, 10);
  return *rc::gen::inRange<std::int64_t>(1, 100);
}

/// Tasks that need no text.
std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const TaskRow& row : task_table())
    if (!row.streams) names.emplace_back(row.name);
  return names;
}

OptionValue random_value(const Option& option) {
  if (option.key == "task.name") return *rc::gen::elementOf(task_names());
  if (option.known) return *rc::gen::elementOf(option.known());
  if (std::holds_alternative<CellText>(option.default_value))
    return CellText(*rc::gen::elementOf(cell_names()));
  if (std::holds_alternative<std::int64_t>(option.default_value)) return random_integer(option);
  if (std::holds_alternative<std::uint64_t>(option.default_value))
    return *rc::gen::arbitrary<std::uint64_t>();
  if (std::holds_alternative<bool>(option.default_value)) return *rc::gen::arbitrary<bool>();
  return random_number(option.range);
}

std::vector<const Option*> free_options() {
  std::vector<const Option*> all;
  for (const Option& option : options()) {
    // What these may be depends on the task.
    if (option.key == "task.variant" || option.key == "train.window" || option.key == "train.stride" ||
        option.key == "model.tied" || std::holds_alternative<TextFile>(option.default_value))
      continue;
    if (option.affects_results) all.push_back(&option);
  }
  return all;
}

std::string list_of(const Option& option) {
  std::set<OptionValue> values;
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) values.insert(random_value(option));
  std::vector<std::string> texts;
  for (const OptionValue& value : values) texts.push_back(to_toml(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

/// Some keys fixed, some swept, two of them zipped.
std::string random_config() {
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
    text += fmt::format("\"{}\" = {}\n", keys[first + i]->key, list_of(*keys[first + i]));
  }
  if (*rc::gen::arbitrary<bool>()) {
    const Option& a = *keys[first + swept];
    const Option& b = *keys[first + swept + 1];
    text += fmt::format("cases = [{{ \"{}\" = {}, \"{}\" = {} }}]\n", a.key, to_toml(random_value(a)), b.key,
                        to_toml(random_value(b)));
  }
  return text;
}

std::vector<std::string> ids(const SweepPlan& plan) {
  std::vector<std::string> all;
  for (const Trial& trial : plan.trials) all.push_back(trial.id);
  return all;
}

}  // namespace

TEST_CASE("[plan] a resolved config makes the same trials, again and again") {
  const ConfigFile file("");
  const ConfigFile again("");
  CHECK(rc::check("resolving is the identity on trials", [&] {
    const std::string text = random_config();
    RC_LOG() << text;
    file.write(text);
    const SweepPlan plan = plan_sweep(file.path(), {});
    again.write(plan.resolved);
    const SweepPlan second = plan_sweep(again.path(), {});
    RC_ASSERT(ids(second) == ids(plan));
    RC_ASSERT(second.resolved == plan.resolved);
    RC_ASSERT(second.axis_keys == plan.axis_keys);
    for (std::size_t i = 0; i < plan.trials.size(); ++i) {
      RC_ASSERT(second.trials[i].axes == plan.trials[i].axes);
    }
    RC_ASSERT(config_difference(plan.resolved, second.resolved).empty());
  }));
}

TEST_CASE("[plan] a file and the same overrides make the same trial") {
  const ConfigFile file("");
  CHECK(rc::check("an override is a line of the file", [&] {
    std::string text;
    std::vector<std::string> overrides;
    for (const Option* option : free_options()) {
      if (*rc::gen::arbitrary<bool>()) continue;
      const OptionValue value = random_value(*option);
      text += fmt::format("\"{}\" = {}\n", option->key, to_toml(value));
      overrides.push_back(fmt::format("{}={}", option->key, to_text(value)));
    }
    file.write(text);
    RC_ASSERT(plan_trial(file.path(), {}).id == plan_trial(std::nullopt, overrides).id);
  }));
}

TEST_CASE("[plan] a trial's id does not know of its sweep") {
  const ConfigFile file("");
  CHECK(rc::check("a point alone has the id it has in its sweep", [&] {
    file.write(random_config());
    const SweepPlan plan = plan_sweep(file.path(), {});
    const Trial& trial = plan.trials[*rc::gen::inRange<std::size_t>(0, plan.trials.size())];
    std::vector<std::string> overrides;
    for (const auto& [key, value] : trial.axes) overrides.push_back(key + "=" + value);
    RC_ASSERT(plan_trial(file.path(), overrides).id == trial.id);
  }));
}
