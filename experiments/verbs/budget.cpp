#include "experiments/verbs/budget.hpp"

#include <fmt/format.h>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/outlook.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/duration_flag.hpp"

namespace unroll {
namespace {

/// Machines are not as fast at all times as when they were measured.
constexpr double used_of_budget = 0.9;

std::string override_of(std::int64_t updates) { return fmt::format("train.updates={}", updates); }

/// Nothing where the folder holds no sweep yet.
std::optional<std::int64_t> planned_updates(const Laboratory& laboratory,
                                            const std::filesystem::path& folder) {
  std::error_code none;
  if (!std::filesystem::exists(folder / "plan.jsonl", none)) return std::nullopt;
  return read_plan(laboratory, folder).trials.front().config.train.updates;
}

void check_axes(const ConfigSource& source) {
  if (source.sweep.halving)
    throw ConfigError(
        fmt::format("{}: --budget gives all trials equally many updates, halving does not; "
                    "`unroll plan` says how long a sweep with halving takes",
                    source.sweep.halving->origin));
  for (const ConfigAxis& axis : source.sweep.axes)
    for (const Option* option : axis.keys)
      if (std::string_view(option->key) == "train.updates")
        throw ConfigError(
            fmt::format("{}: --budget gives all trials equally many updates, but "
                        "train.updates is an axis",
                        axis.origin()));
}

std::int64_t updates_within(Space& space, const Laboratory& laboratory, double seconds, int jobs) {
  const MachineLimits machine = machine_limits();
  const Outlook outlook = outlook_of(laboratory, space,
                                     {.folder = {},
                                      .at_once = jobs > 0 ? jobs : machine.usable_cores(),
                                      .build = {},
                                      .budget_seconds = used_of_budget * seconds});
  for (const Refusal& refusal : outlook.refusals) throw ConfigError(refusal.first + ": " + refusal.reason);
  // A whole number of validations: the last of them is then of the last update, as anyone would have it.
  const std::int64_t every = space.base().train.validate_every;
  const std::int64_t updates = outlook.updates_in_budget / every * every;
  if (updates > 0) return updates;
  throw ConfigError(
      fmt::format("--budget {}: {} trials fit only {} updates each, fewer than train.validate_every = {}; "
                  "give more time, "
                  "fewer trials or smaller ones",
                  render_duration(seconds), outlook.trials, outlook.updates_in_budget, every));
}

}  // namespace

std::optional<std::string> budget_override(const Arguments& arguments, const ConfigArguments& config,
                                           const std::filesystem::path& folder, int jobs) {
  if (!arguments.has("budget")) return std::nullopt;
  const auto text = arguments.flags["budget"].as<std::string>();
  const double seconds = std::chrono::duration<double>(duration_of("--budget", text)).count();
  const Laboratory& laboratory = arguments.laboratory();
  if (const auto updates = planned_updates(laboratory, folder)) {
    say("--budget: {} was planned with {} updates for each trial, which stay\n", folder.string(), *updates);
    return override_of(*updates);
  }
  const std::optional<std::filesystem::path> file = config.file;
  ConfigSource source = read_source(laboratory.options(), file, config.overrides);
  check_axes(source);
  Space space(laboratory, std::move(source));
  const std::int64_t updates = updates_within(space, laboratory, seconds, jobs);
  say("--budget {}: {} updates for each trial\n", text, updates);
  return override_of(updates);
}

}  // namespace unroll
