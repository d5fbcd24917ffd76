#include "experiments/sweep/run.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "experiments/config/text.hpp"
#include "experiments/sweep/build_class.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/say.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

constexpr std::chrono::milliseconds between_looks(100);

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

std::string outcome(const TrialRecord& record) {
  if (record.status == TrialStatus::diverged || record.status == TrialStatus::failed) return record.reason;
  return fmt::format("best loss {} (trivial {}), {} updates, {}", short_number(*record.scalar("best_loss")),
                     short_number(*record.scalar("trivial_loss")), record.updates,
                     render_duration(record.seconds));
}

TrialRecord failed_record(std::string reason) {
  TrialRecord record;
  record.status = TrialStatus::failed;
  record.reason = std::move(reason);
  return record;
}

}  // namespace

std::filesystem::path checkpoint_of(const std::filesystem::path& out, const Trial& trial) {
  return out / "trials" / trial.id / checkpoint_name;
}

bool takes_any_build(const SweepOptions& options, const std::filesystem::path& checkpoint) {
  if (options.allow_other_build) return true;
  const auto origin = checkpoint_origin(checkpoint);
  return origin && program_of(origin->build) == program_of(options.build);
}

SweepRun::SweepRun(const SweepPlan& plan, const SweepOptions& options, const TrialFunction& run,
                   std::vector<Job> jobs, std::vector<Unit> units, Journal& journal, JournalReader& journals,
                   std::atomic<bool>& stop)
    : plan_(plan),
      options_(options),
      run_(run),
      jobs_(std::move(jobs)),
      units_(std::move(units)),
      journals_(journals),
      claims_(options.out, options.patience),
      open_(units_.size()),
      done_(jobs_.size()),
      stop_(stop),
      journal_(journal),
      folder_(options.out),
      progress_(options.progress, progress_style(options.progress), costs_of(jobs_),
                plan.trials.size() - jobs_.size()) {
  std::iota(open_.begin(), open_.end(), std::size_t{0});
}

void SweepRun::execute(int threads) {
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

void SweepRun::work() {
  while (const auto unit = next_unit()) run_unit(*unit);
}

/// Waits while other processes train all that is left: they may die.
std::optional<std::size_t> SweepRun::next_unit() {
  while (!stop_) {
    try {
      const std::lock_guard lock(claims_mutex_);
      take_from_journals();
      if (open_.empty()) return std::nullopt;
      if (const auto unit = claimed_unit()) return unit;
      if (!short_of_memory_ && leaves()) return std::nullopt;
      if (!std::exchange(waits_, true))
        say("{}\n", short_of_memory_
                        ? "fewer trials run at once than could: more do not fit into memory together"
                        : "waiting for trials that other processes train");
    } catch (const std::exception& error) {
      give_up(error);
      look_at_folder();
    }
    std::this_thread::sleep_for(between_looks);
  }
  return std::nullopt;
}

/// Notes what other processes have finished. Called with claims_mutex_ held.
void SweepRun::take_from_journals() {
  journals_.refresh();
  std::erase_if(open_, [&](std::size_t unit) {
    bool all = true;
    for (const std::size_t index : units_[unit].jobs) {
      const Trial& trial = *jobs_[index].trial;
      const auto found = journals_.records().find(trial.id);
      const bool recorded = found != journals_.records().end() &&
                            (jobs_[index].target == 0 || reaches(found->second, jobs_[index].target));
      if (recorded && !std::exchange(done_[index], true)) {
        ++finished_;
        show([&] {
          progress_.trial_started(index, describe(plan_, trial));
          progress_.trial_finished(index, found->second.status, "by another process");
        });
      }
      all = all && done_[index];
    }
    return all;
  });
}

/// Whether, where nothing can be claimed, it is time to leave the rest to those who train it: each of them
/// has shown a sign of life within the time after which it would count as dead. Called with claims_mutex_
/// held.
bool SweepRun::leaves() {
  if (!skips_ && (options_.wait || plan_.halving)) return false;  // the next rung has work for all
  const auto now = std::chrono::steady_clock::now();
  if (!idle_since_) idle_since_ = now;
  if (now - *idle_since_ <= options_.patience + 2 * between_looks) return false;
  idle_since_.reset();  // who trains in this process looks for as long itself, when it is done
  if (!std::exchange(left_to_others_, true))
    say("leaving the other trials to the processes that train them\n");
  return true;
}

/// What is recorded is looked at once more behind the claim: the one before it may just have gone.
std::optional<std::size_t> SweepRun::claimed_unit() {
  short_of_memory_ = skips_ = false;
  for (const std::size_t unit : std::vector<std::size_t>(open_)) {
    if (options_.same_cpu && begun_elsewhere(unit)) {
      skips_ = true;
      continue;
    }
    if (!has_room(unit)) {
      short_of_memory_ = true;
      continue;
    }
    if (!claims_.take(units_[unit].name)) continue;
    take_from_journals();
    if (std::erase(open_, unit) > 0) {
      bytes_ += bytes_of(unit);
      idle_since_.reset();
      return unit;
    }
    claims_.release(units_[unit].name);
  }
  return std::nullopt;
}

/// What the largest trial of a unit needs; they run one after the other.
std::uint64_t SweepRun::bytes_of(std::size_t unit) const {
  std::uint64_t most = 0;
  for (const std::size_t index : units_[unit].jobs)
    most = std::max<std::uint64_t>(most, jobs_[index].cost.bytes);
  return most;
}

/// Whether a machine of another kind has begun a trial of it.
bool SweepRun::begun_elsewhere(std::size_t unit) const {
  return std::ranges::any_of(units_[unit].jobs, [&](std::size_t index) {
    const auto origin = checkpoint_origin(checkpoint_of(options_.out, *jobs_[index].trial));
    return origin && machine_of(origin->build) != machine_of(options_.build);
  });
}

/// A trial that alone needs more than there is was refused before anything started.
bool SweepRun::has_room(std::size_t unit) const {
  return bytes_ == 0 || bytes_ + bytes_of(unit) <= options_.memory;
}

/// Dead processes that had a unit: what they did not finish they had begun.
std::int64_t SweepRun::takeovers(std::size_t unit) {
  const std::lock_guard lock(claims_mutex_);
  return claims_.takeovers(units_[unit].name);
}

/// Starts of a trial whose record was set aside.
std::int64_t SweepRun::starts_before(const Trial& trial) {
  const std::lock_guard lock(claims_mutex_);
  return journals_.starts_before(trial.id);
}

void SweepRun::run_unit(std::size_t unit) {
  std::int64_t begun = takeovers(unit);
  for (const std::size_t index : units_[unit].jobs)
    if (!stop_ && !done_[index]) run_job(index, std::exchange(begun, 0));
  try {
    journal_.sync();
    const std::lock_guard lock(claims_mutex_);
    bytes_ -= bytes_of(unit);
    claims_.release(units_[unit].name);
  } catch (const std::exception& error) {
    give_up(error);
    look_at_folder();
  }
}

void SweepRun::run_job(std::size_t index, std::int64_t earlier_starts) {
  const std::string label = describe(plan_, *jobs_[index].trial);
  try {
    show([&] { progress_.trial_started(index, label); });
    const TrialRecord record = run_trial_of(index, earlier_starts);
    journal_.append(record);
    look_at_folder();
    if (lost_folder_) return;
    ++finished_;
    show([&] { progress_.trial_finished(index, record.status, outcome(record)); });
    if (record.status == TrialStatus::failed && options_.stop_on_failure)
      give_up(
          std::runtime_error(fmt::format("a trial failed (--on-fail stop): {}: {}", label, record.reason)));
  } catch (const Interrupted&) {
    // Not a result: it goes on from there, or is run from the start, next time.
  } catch (const std::exception& error) {
    give_up(error);
    look_at_folder();
  }
}

/// The journal cannot be written or read: what would still be computed could not be kept.
void SweepRun::give_up(const std::exception& error) {
  const std::lock_guard lock(error_mutex_);
  if (error_.empty()) error_ = error.what();
  stop_ = true;
}

/// What is written into a deleted file arrives nowhere, and nobody says so.
void SweepRun::look_at_folder() {
  if (folder_.holds(journal_.path())) return;
  lost_folder_ = true;
  stop_ = true;
}

TrialRecord SweepRun::run_trial_of(std::size_t index, std::int64_t earlier_starts) {
  const Trial& trial = *jobs_[index].trial;
  const FlushSubnormals flush;
  single_threaded_products();
  TrialHooks hooks;
  hooks.stop = &stop_;
  hooks.progress = [&](const TrialProgress& progress) {
    show([&] { progress_.trial_updates(index, progress); });
  };
  if (options_.time_limit.count() > 0)
    hooks.deadline = std::chrono::steady_clock::now() + options_.time_limit;
  hooks.stop_at = jobs_[index].target;
  hooks.checkpoint = checkpoint_of(options_.out, trial);
  hooks.checkpoint_seconds = trial.config.train.checkpoint_seconds;
  hooks.attempts = 1 + earlier_starts + starts_before(trial);
  hooks.origin = {trial.id, options_.build};
  hooks.any_build = takes_any_build(options_, hooks.checkpoint);
  hooks.warn = [&](const std::string& sentence) {
    say("warning: {}: {}\n", describe(plan_, trial), sentence);
    look_at_folder();  // a file could not be written
  };
  if (options_.keep_model)
    hooks.keep_model = [&](const KeptModel& model) { options_.keep_model(trial, model); };
  if (options_.keep_non_finite)
    hooks.keep_non_finite = [&](const NonFiniteBatch& batch) { options_.keep_non_finite(trial, batch); };
  const auto begin = std::chrono::steady_clock::now();
  TrialRecord record;
  try {
    // A thread that waits inside the trial must not pick up another one meanwhile.
    tbb::this_task_arena::isolate([&] { record = run_(trial.config, hooks); });
  } catch (const Interrupted& interrupted) {
    if (!interrupted.by_deadline) throw;
    record = failed_record(fmt::format(
        "reached the time limit of {} after update {}; with a longer --time-limit, "
        "--retry-failed goes on from there",
        render_duration(std::chrono::duration<double>(options_.time_limit).count()), interrupted.updates));
  } catch (const std::bad_alloc&) {
    record = failed_record("out of memory");
  } catch (const std::exception& error) {
    record = failed_record(error.what());
  } catch (...) {
    record = failed_record("an exception of a type that says nothing");
  }
  record.id = trial.id;
  if (record.status == TrialStatus::failed) record.updates = jobs_[index].reached;
  record.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  record.build = options_.build;
  record.host = host_name();
  record.attempts = std::max(record.attempts, hooks.attempts);
  return record;
}

}  // namespace unroll
