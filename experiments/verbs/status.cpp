#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/listing.hpp"

namespace unroll {

namespace {

nlohmann::ordered_json number(double value) {
  if (std::isfinite(value)) return value;
  return fmt::format("{}", value);
}

nlohmann::ordered_json row_of(const StoredSweep& sweep, const Trial& trial) {
  nlohmann::ordered_json row;
  const auto found = sweep.journals.records().find(trial.id);
  const TrialRecord* record = found == sweep.journals.records().end() ? nullptr : &found->second;
  row["status"] = record ? status_name(record->status) : "missing";
  for (const std::string& key : sweep.plan.axis_keys) {
    const auto value = trial.axes.find(key);
    row[key] = value == trial.axes.end() ? "" : value->second;
  }
  const bool has_result = record && record->status != TrialStatus::failed;
  row["best_loss"] =
      has_result ? number(record->scalar("best_loss").value_or(std::numeric_limits<double>::quiet_NaN()))
                 : nullptr;
  row["updates"] = has_result ? nlohmann::ordered_json(record->updates) : nullptr;
  row["seconds"] = record ? nlohmann::ordered_json(std::round(record->seconds * 100) / 100) : nullptr;
  row["id"] = trial.id;
  const bool marked = sweep.journals.conflicts().contains(trial.id);
  row["reason"] = marked ? "its records disagree" : record ? record->reason : "";
  return row;
}

int status(const Arguments& arguments) {
  const StoredSweep sweep = read_sweep(arguments.laboratory(), folder_argument(arguments));
  say_ignored(sweep);
  Listing rows;
  for (const Trial& trial : sweep.plan.trials) rows.push_back(row_of(sweep, trial));
  print_listing(rows, arguments);
  const SweepState state = sweep_state(sweep.plan, sweep.journals);
  say("{} trials: {} done, {}{} diverged, {} failed, {} missing\n", sweep.plan.trials.size(), state.done,
      state.stopped > 0 ? fmt::format("{} stopped, ", state.stopped) : "", state.diverged, state.failed,
      state.missing.size());
  return state.failed > 0 || !sweep.journals.conflicts().empty() ? exit_trial_failed : exit_good;
}

}  // namespace

const Verb& status_verb() {
  static const Verb verb{
      .name = "status",
      .summary = "what of a sweep is done, diverged, failed or missing",
      .usage = "DIR [--format table|json|csv]",
      .examples =
          "  unroll status out/long_range\n"
          "  unroll status out/long_range --format json",
      .add_flags = add_format_flag,
      .run = status,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
