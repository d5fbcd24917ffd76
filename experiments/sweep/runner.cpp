#include "experiments/sweep/runner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>

#include "experiments/sweep/build_class.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/run.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/sweep/thread_plan.hpp"

namespace unroll {

namespace {

/// What the search asks of them by now, which is less work than all of their training.
void set_targets(const SweepPlan& plan, const JournalReader& journals, std::vector<Job>& jobs) {
  if (!plan.halving) return;
  const RecordOf record_of = record_finder(journals);
  const std::vector<std::int64_t> targets = targets_of(plan, record_of);
  for (Job& job : jobs) {
    job.target = targets[static_cast<std::size_t>(job.trial - plan.trials.data())];
    if (const TrialRecord* record = record_of(job.trial->id)) job.reached = record->updates;
    job.cost.flops *=
        static_cast<double>(job.target - job.reached) / static_cast<double>(job.trial->config.train.updates);
  }
}

/// Another program is refused; of another machine it is said that the last bits may differ.
void check_build(const SweepPlan& plan, const JournalReader& journals, const std::string& build) {
  std::set<std::string> machines;
  for (const Trial& trial : plan.trials) {
    const auto found = journals.records().find(trial.id);
    if (found == journals.records().end() || found->second.build == build) continue;
    if (program_of(found->second.build) == program_of(build)) {
      machines.emplace(machine_of(found->second.build));
      continue;
    }
    throw SweepRefused(refusal_of_build(found->second.build, build));
  }
  if (!machines.empty())
    say("warning: finished trials were computed on another kind of machine, and the last bits may differ:\n"
        "  there: {}\n  here:  {}\n",
        fmt::join(machines, "\n         "), machine_of(build));
}

/// Before anything starts: what is refused is no failed trial. A damaged one is no reason to refuse: its
/// trial says so when it begins anew.
void check_checkpoint(const Trial& trial, const SweepOptions& options) {
  const std::filesystem::path path = checkpoint_of(options.out, trial);
  const std::string build = takes_any_build(options, path) ? "" : options.build;
  try {
    load_checkpoint(path, {trial.id, build});
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

/// A trial that is recorded does not go on from a checkpoint: a process that was taken for dead left it. One
/// that the search stopped may, until the search is over.
void remove_old_checkpoints(const std::filesystem::path& folder, const JournalReader& journals,
                            bool search_is_over) {
  std::error_code error;
  const std::filesystem::path trials = folder / "trials";
  for (auto entry = std::filesystem::directory_iterator(trials, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto found = journals.records().find(entry->path().filename().string());
    if (found == journals.records().end() || found->second.status == TrialStatus::failed) continue;
    if (found->second.status == TrialStatus::stopped && !search_is_over) continue;
    std::error_code none;
    std::filesystem::remove(entry->path() / checkpoint_name, none);
    std::filesystem::remove(entry->path(), none);  // where nothing else is in it
  }
  std::error_code none;
  std::filesystem::remove(trials, none);
}

void say_rung(const SweepPlan& plan, const std::vector<Job>& jobs) {
  if (!plan.halving) return;
  std::set<std::int64_t> targets;
  for (const Job& job : jobs) targets.insert(job.target);
  say("halving: {} trial{} to {} updates\n", jobs.size(), jobs.size() == 1 ? "" : "s",
      fmt::format("{}", fmt::join(targets, ", ")));
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
  return {std::move(sweep.plan),
          std::move(sweep.journals),
          std::move(state.records),
          missing,
          state.diverged,
          state.failed,
          false,
          ""};
}

}  // namespace

std::vector<const Trial*> trials_to_run(const SweepPlan& plan, const SweepPlan& asked,
                                        const JournalReader& journals, bool retry_failed) {
  std::set<std::string_view> wanted;
  for (const Trial& trial : asked.trials) wanted.insert(trial.id);
  const std::vector<std::int64_t> targets = targets_of(plan, record_finder(journals));
  std::vector<const Trial*> trials;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    const Trial& trial = plan.trials[i];
    if (!wanted.contains(trial.id)) continue;
    const auto found = journals.records().find(trial.id);
    const bool finished = found != journals.records().end() && reaches(found->second, targets[i]) &&
                          !(retry_failed && found->second.status == TrialStatus::failed);
    if (!finished) trials.push_back(&trial);
  }
  return trials;
}

void set_failed_aside(const std::filesystem::path& folder, const JournalReader& journals,
                      const std::vector<const Trial*>& trials) {
  std::vector<SetAside> records;
  for (const Trial* trial : trials)
    std::ranges::move(journals.lines_of(trial->id, TrialStatus::failed), std::back_inserter(records));
  write_set_aside(folder, records);
}

namespace {

struct RunEnd {
  std::string error;
  bool cut_short = false;
};

/// Once, or with halving once for each rung.
RunEnd run_rungs(const SweepPlan& plan, const SweepPlan& asked, const SweepOptions& options,
                 const TrialFunction& run, const CostFunction& cost, std::vector<Job> jobs,
                 JournalReader& journals, std::atomic<bool>& stop) {
  Journal journal(options.out);
  RunEnd end;
  bool left_to_its_kind = false;
  while (!jobs.empty() && !end.cut_short && !left_to_its_kind) {
    set_targets(plan, journals, jobs);
    say_rung(plan, jobs);
    std::vector<Unit> units = units_of(plan, jobs, cost);
    SweepRun sweep(plan, options, run, std::move(jobs), std::move(units), journal, journals, stop);
    sweep.execute(options.jobs);
    if (sweep.lost_folder()) refuse_lost(options.out);
    end = {sweep.error(), sweep.cut_short() && (stop || !sweep.left_to_others())};
    left_to_its_kind = options.same_cpu && sweep.left_to_others();
    journals.refresh();
    const auto trials =
        plan.halving ? trials_to_run(plan, asked, journals, false) : std::vector<const Trial*>();
    jobs = schedule(plan, trials, cost, std::random_device{}());
  }
  return end;
}

}  // namespace

SweepResult run_sweep(const Laboratory& laboratory, const SweepPlan& asked, const SweepOptions& options,
                      const TrialFunction& run, const CostFunction& cost, std::atomic<bool>& stop) {
  SweepPlan plan = continued_plan(laboratory, options.out, asked, options.extend);
  JournalReader journals(options.out);
  journals.refresh();
  warn_of(journals);
  remove_old_checkpoints(options.out, journals, false);
  say_what_else_is_there(options.out, plan, asked);
  const auto trials = trials_to_run(plan, asked, journals, options.retry_failed);
  if (!trials.empty() && !options.allow_other_build) check_build(plan, journals, options.build);
  for (const Trial* trial : trials) check_checkpoint(*trial, options);

  const MachineLimits machine = machine_limits();
  SweepOptions here = options;
  if (here.jobs <= 0) here.jobs = machine.usable_cores();
  here.memory = std::min(options.memory, machine.usable_memory());
  std::vector<Job> jobs = schedule(plan, trials, cost, std::random_device{}());
  check_memory(plan, jobs, here.memory);
  write_plan(laboratory, options.out, asked, options.extend, options.header);
  remove_unfinished_files(options.out);
  if (options.retry_failed) set_failed_aside(options.out, journals, trials);
  journals.refresh();

  if (!jobs.empty()) say("{}\n", thread_plan(machine, options.jobs, jobs));
  RunEnd end = run_rungs(plan, asked, here, run, cost, std::move(jobs), journals, stop);
  StoredSweep sweep{options.out, std::move(plan), std::move(journals)};
  sweep.refresh(laboratory);  // what other processes added meanwhile is part of it
  SweepResult result = result_of(std::move(sweep));
  if (result.missing == 0) {
    remove_dead_claims(options.out, options.patience);
    remove_old_checkpoints(options.out, result.journals, true);
  }
  result.interrupted = end.cut_short && end.error.empty();
  result.error = std::move(end.error);
  return result;
}

}  // namespace unroll
