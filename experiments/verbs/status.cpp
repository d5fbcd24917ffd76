#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "experiments/config/text.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/listing.hpp"

namespace unroll {

namespace {

nlohmann::ordered_json number(double value) {
  if (std::isfinite(value)) return value;
  return exact_number(value);
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

constexpr std::chrono::seconds between_looks(2);

/// From what was finished since the first look.
std::string eta_text(std::size_t missing, std::size_t missing_at_first, double seconds) {
  if (missing == 0 || missing >= missing_at_first) return "";
  const double each = seconds / static_cast<double>(missing_at_first - missing);
  return fmt::format(", about {} left", render_duration(each * static_cast<double>(missing)));
}

/// Says what changes, and each failure as it comes, until nothing is missing; whoever trains may be anywhere.
void follow(const Laboratory& laboratory, StoredSweep& sweep) {
  const auto begin = std::chrono::steady_clock::now();
  std::set<std::string> told;
  std::string last;
  SweepState state = sweep_state(sweep.plan, sweep.journals);
  const std::size_t missing_at_first = state.missing.size();
  for (;;) {
    for (const TrialRecord& record : state.records)
      if (record.status == TrialStatus::failed && told.insert(record.id).second)
        say("failed: trial {}: {}\n", record.id, record.reason);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    const std::string now = counts_text(sweep, state);
    if (now != last) say("{}{}\n", now, eta_text(state.missing.size(), missing_at_first, spent.count()));
    last = now;
    if (state.missing.empty()) return;
    std::this_thread::sleep_for(between_looks);
    sweep.refresh(laboratory);
    state = sweep_state(sweep.plan, sweep.journals);
  }
}

void add_status_flags(Flags& flags) {
  add_format_flag(flags);
  flags.add_options()("follow", "stay, and say what changes until no trial is missing; then print the table");
}

int status(const Arguments& arguments) {
  StoredSweep sweep = read_sweep(arguments.laboratory(), folder_argument(arguments));
  if (arguments.has("follow")) follow(arguments.laboratory(), sweep);
  say_ignored(sweep);
  Listing rows;
  for (const Trial& trial : sweep.plan.trials) rows.push_back(row_of(sweep, trial));
  print_listing(rows, arguments);
  const SweepState state = sweep_state(sweep.plan, sweep.journals);
  say("{}\n", counts_text(sweep, state));
  return state.failed > 0 || !sweep.journals.conflicts().empty() ? exit_trial_failed : exit_good;
}

}  // namespace

const Verb& status_verb() {
  static const Verb verb{
      .name = "status",
      .summary = "what of a sweep is done, diverged, failed or missing",
      .usage = "DIR [--format table|json|csv] [--follow]",
      .examples =
          "  unroll status out/long_range\n"
          "  unroll status out/long_range --format json\n"
          "  unroll status out/long_range --follow",
      .add_flags = add_status_flags,
      .run = status,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
