#include "experiments/sweep/runner.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <new>
#include <random>
#include <set>
#include <system_error>

#include "experiments/config/text.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/progress.hpp"
#include "experiments/sweep/say.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

/// What the threads of one sweep share.
class Run {
 public:
  Run(const SweepPlan& plan, const SweepOptions& options, const TrialFunction& run, std::vector<Job> jobs,
      std::size_t finished_before, JournalReader& journals, std::atomic<bool>& stop);

  void execute(int threads);
  const std::string& error() const { return error_; }
  /// Whether trials are left that were to be run.
  bool cut_short() const { return finished_ < jobs_.size(); }

 private:
  void work();
  void run_job(std::size_t index);
  TrialRecord run_trial_of(std::size_t index);
  bool finished_elsewhere(const Job& job, TrialStatus& status);

  const SweepPlan& plan_;
  const SweepOptions& options_;
  const TrialFunction& run_;
  const std::vector<Job> jobs_;
  std::set<std::string> retried_;  ///< their failed records in the journals do not count
  JournalReader& journals_;
  std::mutex journals_mutex_;
  std::atomic<bool>& stop_;
  Journal journal_;
  Progress progress_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> finished_ = 0;
  std::mutex error_mutex_;
  std::string error_;
};

/// A terminal that is gone must not end the sweep, nor fail a trial.
template <class Draw>
void show(Draw draw) {
  try {
    draw();
  } catch (const std::system_error&) {
  }
}

std::vector<double> costs_of(const std::vector<Job>& jobs) {
  std::vector<double> costs;
  for (const Job& job : jobs) costs.push_back(job.cost.flops);
  return costs;
}

Run::Run(const SweepPlan& plan, const SweepOptions& options, const TrialFunction& run, std::vector<Job> jobs,
         std::size_t finished_before, JournalReader& journals, std::atomic<bool>& stop)
    : plan_(plan),
      options_(options),
      run_(run),
      jobs_(std::move(jobs)),
      journals_(journals),
      stop_(stop),
      journal_(options.out),
      progress_(options.progress, progress_style(options.progress), costs_of(jobs_), finished_before) {
  for (const Job& job : jobs_) {
    if (journals.records().contains(job.trial->id)) retried_.insert(job.trial->id);
  }
}

void Run::execute(int threads) {
  // Without this TBB would not give more threads than cores, though the user asked for them.
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
  tbb::task_arena arena(threads);
  // One task per thread, each taking the next trial of the list until none is left: the order of starts is
  // the order of the list, which TBB's own scheduling does not promise. A thread without a trial helps those
  // that run with their shards.
  const int at_once =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), jobs_.size()));
  arena.execute([&] {
    tbb::parallel_for(
        0, at_once, [&](int) { work(); }, tbb::simple_partitioner{});
  });
  show([&] { progress_.close(); });
}

void Run::work() {
  while (!stop_) {
    const std::size_t index = next_++;
    if (index >= jobs_.size()) return;
    run_job(index);
  }
}

/// Another process on the same folder may have been faster.
bool Run::finished_elsewhere(const Job& job, TrialStatus& status) {
  if (retried_.contains(job.trial->id)) return false;
  const std::lock_guard lock(journals_mutex_);
  journals_.refresh();
  const auto found = journals_.records().find(job.trial->id);
  if (found == journals_.records().end()) return false;
  status = found->second.status;
  return true;
}

std::string outcome(const TrialRecord& record) {
  if (record.status != TrialStatus::done) return record.reason;
  return fmt::format("best loss {} (trivial {}), {} updates, {}", short_number(*record.scalar("best_loss")),
                     short_number(*record.scalar("trivial_loss")), record.updates,
                     render_duration(record.seconds));
}

void Run::run_job(std::size_t index) {
  const Job& job = jobs_[index];
  const std::string label = describe(plan_, *job.trial);
  try {
    show([&] { progress_.trial_started(index); });
    TrialStatus status;
    if (finished_elsewhere(job, status)) {
      ++finished_;
      return show([&] { progress_.trial_finished(index, status, label, "by another process"); });
    }
    const TrialRecord record = run_trial_of(index);
    journal_.append(record);
    ++finished_;
    show([&] { progress_.trial_finished(index, record.status, label, outcome(record)); });
  } catch (const Interrupted&) {
    // Not a result: it is run from the start next time.
  } catch (const std::exception& error) {
    // The journal cannot be written or read: what would still be computed could not be kept.
    const std::lock_guard lock(error_mutex_);
    if (error_.empty()) error_ = error.what();
    stop_ = true;
  }
}

std::filesystem::path checkpoint_of(const std::filesystem::path& out, const Trial& trial) {
  return out / "trials" / trial.id / "checkpoint.safetensors";
}

TrialRecord failed_record(std::string reason) {
  TrialRecord record;
  record.status = TrialStatus::failed;
  record.reason = std::move(reason);
  return record;
}

TrialRecord Run::run_trial_of(std::size_t index) {
  const Trial& trial = *jobs_[index].trial;
  const FlushSubnormals flush;
  single_threaded_products();
  TrialHooks hooks;
  hooks.stop = &stop_;
  hooks.progress = [&](const TrialProgress& progress) {
    show([&] { progress_.trial_updates(index, progress); });
  };
  hooks.checkpoint = checkpoint_of(options_.out, trial);
  hooks.checkpoint_seconds = trial.config.train.checkpoint_seconds;
  hooks.origin = {trial.id, options_.build};
  hooks.any_build = options_.allow_other_build;
  hooks.warn = [&](const std::string& sentence) {
    say("warning: {}: {}\n", describe(plan_, trial), sentence);
  };
  if (options_.keep_model)
    hooks.keep_model = [&](const KeptModel& model) { options_.keep_model(trial, model); };
  const auto begin = std::chrono::steady_clock::now();
  TrialRecord record;
  try {
    // A thread that waits inside the trial must not pick up another one meanwhile.
    tbb::this_task_arena::isolate([&] { record = run_(trial.config, hooks); });
  } catch (const Interrupted&) {
    throw;
  } catch (const std::bad_alloc&) {
    record = failed_record("out of memory");
  } catch (const std::exception& error) {
    record = failed_record(error.what());
  } catch (...) {
    record = failed_record("an exception of a type that says nothing");
  }
  record.id = trial.id;
  record.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  record.build = options_.build;
  return record;
}

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

/// Before anything starts: what is refused is no failed trial.
void check_checkpoints(const std::vector<const Trial*>& trials, const SweepOptions& options) {
  const std::string build = options.allow_other_build ? "" : options.build;
  try {
    for (const Trial* trial : trials) load_checkpoint(checkpoint_of(options.out, *trial), {trial->id, build});
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

void warn_of_ignored_lines(const JournalReader& journals) {
  for (const std::string& sentence : journals.ignored()) say("warning: {}\n", sentence);
}

SweepResult result_of(SweepPlan plan, JournalReader& journals) {
  journals.refresh();
  SweepState state = sweep_state(plan, journals);
  SweepResult result;
  result.records = std::move(state.records);
  result.missing = state.missing.size();
  result.diverged = state.diverged;
  result.failed = state.failed;
  result.plan = std::move(plan);
  return result;
}

}  // namespace

SweepResult run_sweep(const Laboratory& laboratory, const SweepPlan& asked, const SweepOptions& options, const TrialFunction& run,
                      const CostFunction& cost, std::atomic<bool>& stop) {
  const SweepPlan plan = continued_plan(laboratory, options.out, asked, options.extend);
  JournalReader journals(options.out);
  journals.refresh();
  warn_of_ignored_lines(journals);
  say_what_else_is_there(options.out, plan, asked);
  const auto trials = trials_to_run(plan, asked, journals, options.retry_failed);
  if (!trials.empty() && !options.allow_other_build) check_build(plan, journals, options.build);
  check_checkpoints(trials, options);

  const MachineLimits machine = machine_limits();
  const int at_once = options.jobs > 0 ? options.jobs : machine.usable_cores();
  std::vector<Job> jobs = schedule(plan, trials, cost, std::random_device{}());
  check_memory(plan, jobs, at_once, machine.usable_memory());
  write_plan(laboratory, options.out, asked, options.extend, options.header);

  std::string error;
  bool cut_short = false;
  if (!jobs.empty()) {
    Run sweep(plan, options, run, std::move(jobs), plan.trials.size() - trials.size(), journals, stop);
    sweep.execute(at_once);
    error = sweep.error();
    cut_short = sweep.cut_short();
  }
  // What other processes added meanwhile is part of it.
  SweepResult result = result_of(read_plan(laboratory, options.out), journals);
  result.interrupted = cut_short && error.empty();
  result.error = std::move(error);
  return result;
}

}  // namespace unroll
