#include "experiments/sweep/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/run.hpp"
#include "experiments/sweep/say.hpp"

namespace unroll {

namespace {

/// Trials without a record, and failed ones where they are to be retried; what other configs added to the
/// folder is not part of what was asked for.
std::vector<const Trial*> trials_to_run(const SweepPlan& plan, const SweepPlan& asked,
                                        const JournalReader& journals, bool retry_failed) {
  std::set<std::string_view> wanted;
  for (const Trial& trial : asked.trials) wanted.insert(trial.id);
  std::vector<const Trial*> trials;
  for (const Trial& trial : plan.trials) {
    if (!wanted.contains(trial.id)) continue;
    const auto found = journals.records().find(trial.id);
    const bool finished =
        found != journals.records().end() && !(retry_failed && found->second.status == TrialStatus::failed);
    if (!finished) trials.push_back(&trial);
  }
  return trials;
}

void check_build(const SweepPlan& plan, const JournalReader& journals, const std::string& build) {
  for (const Trial& trial : plan.trials) {
    const auto found = journals.records().find(trial.id);
    if (found == journals.records().end() || found->second.build == build) continue;
    throw SweepRefused(
        fmt::format("the finished trials were computed by another build, whose bits may differ:\n"
                    "  there: {}\n  here:  {}\n"
                    "Choose another --out, or continue all the same with --allow-other-build.",
                    found->second.build, build));
  }
}

/// Before anything starts: what is refused is no failed trial. A damaged one is no reason to refuse: its
/// trial says so when it begins anew.
void check_checkpoint(const Trial& trial, const SweepOptions& options) {
  const std::string build = options.allow_other_build ? "" : options.build;
  try {
    load_checkpoint(checkpoint_of(options.out, trial), {trial.id, build});
  } catch (const DamagedCheckpoint&) {
  } catch (const CheckpointError& error) {
    throw SweepRefused(error.what());
  }
}

void say_what_else_is_there(const std::filesystem::path& folder, const SweepPlan& plan,
                            const SweepPlan& asked) {
  const std::size_t others = plan.trials.size() - asked.trials.size();
  if (others == 0) return;
  say("{} holds {} trial{} of other configs beside these; the results show all\n", folder.string(), others,
      others == 1 ? "" : "s");
}

void warn_of(const JournalReader& journals) {
  for (const std::string& sentence : journals.ignored()) say("warning: {}\n", sentence);
  for (const auto& [id, sentence] : journals.conflicts()) say("warning: {}\n", sentence);
}

/// A trial that is recorded does not go on from a checkpoint: a process that was taken for dead left it.
void remove_old_checkpoints(const std::filesystem::path& folder, const JournalReader& journals) {
  std::error_code error;
  const std::filesystem::path trials = folder / "trials";
  for (auto entry = std::filesystem::directory_iterator(trials, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto found = journals.records().find(entry->path().filename().string());
    if (found == journals.records().end() || found->second.status == TrialStatus::failed) continue;
    std::error_code none;
    std::filesystem::remove(entry->path() / checkpoint_name, none);
    std::filesystem::remove(entry->path(), none);  // where nothing else is in it
  }
  std::error_code none;
  std::filesystem::remove(trials, none);
}

[[noreturn]] void refuse_lost(const std::filesystem::path& folder) {
  throw SweepRefused(fmt::format(
      "{} was deleted, moved or replaced while trials ran: nothing more can be kept there, and it "
      "is not made anew. The trials that finished are where the folder is now; after moving it "
      "back, or without it from the start, the same command runs what is missing.",
      folder.string()));
}

SweepResult result_of(StoredSweep sweep) {
  SweepState state = sweep_state(sweep.plan, sweep.journals);
  const std::size_t missing = state.missing.size();
  return {std::move(sweep.plan), std::move(sweep.journals), std::move(state.records), missing, state.diverged,
          state.failed, false, ""};
}

}  // namespace

SweepResult run_sweep(const Laboratory& laboratory, const SweepPlan& asked, const SweepOptions& options,
                      const TrialFunction& run, const CostFunction& cost, std::atomic<bool>& stop) {
  SweepPlan plan = continued_plan(laboratory, options.out, asked, options.extend);
  JournalReader journals(options.out);
  journals.refresh();
  warn_of(journals);
  remove_old_checkpoints(options.out, journals);
  say_what_else_is_there(options.out, plan, asked);
  const auto trials = trials_to_run(plan, asked, journals, options.retry_failed);
  if (!trials.empty() && !options.allow_other_build) check_build(plan, journals, options.build);
  for (const Trial* trial : trials) check_checkpoint(*trial, options);

  const MachineLimits machine = machine_limits();
  const int at_once = options.jobs > 0 ? options.jobs : machine.usable_cores();
  std::vector<Job> jobs = schedule(plan, trials, cost, std::random_device{}());
  check_memory(plan, jobs, at_once, machine.usable_memory());
  write_plan(laboratory, options.out, asked, options.extend, options.header);
  remove_unfinished_files(options.out);

  std::string error;
  bool cut_short = false;
  if (!jobs.empty()) {
    std::vector<Unit> units = units_of(plan, jobs, cost);
    SweepRun sweep(plan, options, run, std::move(jobs), std::move(units), journals, stop);
    sweep.execute(at_once);
    if (sweep.lost_folder()) refuse_lost(options.out);
    error = sweep.error();
    cut_short = sweep.cut_short();
  }
  StoredSweep sweep{options.out, std::move(plan), std::move(journals)};
  sweep.refresh(laboratory);  // what other processes added meanwhile is part of it
  SweepResult result = result_of(std::move(sweep));
  if (result.missing == 0) remove_dead_claims(options.out, options.patience);
  result.interrupted = cut_short && error.empty();
  result.error = std::move(error);
  return result;
}

}  // namespace unroll
