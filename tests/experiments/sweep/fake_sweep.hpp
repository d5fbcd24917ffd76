#pragma once

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>

#include "experiments/report/csv.hpp"
#include "experiments/sweep/runner.hpp"
#include "tests/support/laboratory.hpp"
#include "tests/support/temporary_folder.hpp"

namespace unroll::test {

inline void write_text(const std::filesystem::path& path, const std::string& text) { write_file(path, text); }

/// `lengths` x `seeds` trials, planned by the program's own code from a file in `folder`.
inline SweepPlan fake_plan(const std::filesystem::path& folder, const std::string& lengths = "[5, 10, 20]",
                           int seeds = 4) {
  const auto config = folder / ("config-" + random_hex() + ".toml");
  write_text(config, "[sweep]\nseed = { count = " + std::to_string(seeds) +
                         " }\n\"task.length\" = " + lengths + "\n");
  return plan_sweep(laboratory(), config, {});
}

/// A record that depends on the settings alone, as a real one does.
inline TrialRecord fake_record(const Config& config) {
  TrialRecord record;
  const double best =
      std::sin(static_cast<double>(config.task.length.most) + 0.1 * static_cast<double>(config.seed));
  record.success_rule = "below half";
  record.updates = config.train.updates;
  record.scalars = {
      {"trivial_loss", 1.0 / 6}, {"best_loss", best}, {"last_loss", best / 3}, {"last_error_rate", 0.25}};
  record.series = {
      {.name = "loss", .moment = "training", .axis = "update", .held = true, .x = {10, 20}, .y = {0.5, 0.25}},
      {.name = "loss",
       .moment = "validation",
       .axis = "update",
       .held = true,
       .x = {10, 20},
       .y = {best, best / 3}},
      {.name = "gradient norm of h",
       .moment = "start",
       .axis = "time step",
       .x = {1, 2, 3},
       .y = {1e-30, 1e-3, 1}}};
  return record;
}

inline TrialRecord instant_trial(const Config& config, const TrialHooks&) { return fake_record(config); }

/// Takes a few milliseconds, in small steps that look at the stop flag as a real trial does.
inline TrialRecord slow_trial(const Config& config, const TrialHooks& hooks) {
  for (std::int64_t step = 0; step < config.task.length.most; ++step) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    hooks.progress({.updates_done = step + 1, .updates_planned = config.task.length.most});
    if (hooks.stop != nullptr && *hooks.stop) throw Interrupted{};
  }
  return fake_record(config);
}

inline TrialCost fake_cost(const Config& config) {
  return {1000, static_cast<double>(config.task.length.most)};
}

/// Options whose progress goes nowhere.
class QuietOptions {
 public:
  explicit QuietOptions(const std::filesystem::path& out, int jobs = 2)
      : sink_(std::fopen("/dev/null", "w")) {
    options.out = out;
    options.jobs = jobs;
    options.build = "test build";
    options.progress = sink_;
  }
  ~QuietOptions() { std::fclose(sink_); }
  QuietOptions(const QuietOptions&) = delete;
  QuietOptions& operator=(const QuietOptions&) = delete;

  SweepOptions options;

 private:
  std::FILE* sink_;
};

inline SweepResult run_quietly(const SweepPlan& plan, const std::filesystem::path& out, int jobs = 2,
                               const TrialFunction& run = instant_trial) {
  const QuietOptions quiet(out, jobs);
  std::atomic<bool> stop = false;
  return run_sweep(laboratory(), plan, quiet.options, run, fake_cost, stop);
}

/// The journals of a folder.
inline std::vector<std::filesystem::path> journals_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("journal-")) found.push_back(entry.path());
  }
  return found;
}

inline std::string csv_of(const SweepResult& result) { return results_csv(result.plan, result.records); }

}  // namespace unroll::test
