#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <chrono>

#include "experiments/bench/sections.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/train/trainer.hpp"
#include "framework/tensor/cpu.hpp"

// Updates of one trial in two shards, on one thread and on two in turn. All that an update is counts: its
// sequences drawn, both passes, what the shards found put together, the step of the optimiser.

namespace unroll {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int shards_of_batch = 2;

Config sharded_config(const Laboratory& laboratory, const BenchRow& row) {
  Config config = laboratory.unresolved_defaults();
  config.task.name = "adding";
  config.task.length = {row.shape.steps, row.shape.steps};
  config.model.cell = std::string(row.cell);
  config.model.hidden = row.shape.hidden;
  config.train.batch = row.shape.rows;
  config.train.batch_shards = shards_of_batch;
  laboratory.resolve(config);
  return config;
}

class ShardedTraining {
 public:
  ShardedTraining(const Laboratory& laboratory, const BenchRow& row)
      : config_(sharded_config(laboratory, row)), models_(laboratory, config_), trainer_(config_, models_) {
    for (int threads = 1; threads <= shards_of_batch; ++threads)
      seconds(threads, 3);  // sizes everything, wakes all
  }

  /// Of each of `updates` updates. Seconds, not CPU time: a thread that waits for the other one spins.
  double seconds(int threads, int updates) {
    tbb::task_arena arena(threads);
    return arena.execute([&] {
      const FlushSubnormals flush;
      const auto begin = Clock::now();
      for (int i = 0; i < updates; ++i) trainer_.update(n_++);
      return std::chrono::duration<double>(Clock::now() - begin).count() / updates;
    });
  }

 private:
  Config config_;
  TrialModels models_;
  Trainer trainer_;
  std::int64_t n_ = 0;  ///< of the next update
};

void measure_shards(const BenchRow& row, BenchContext& context, BenchResult& result) {
  if (machine_limits().usable_cores() < shards_of_batch) {
    result["problem"] = "needs two cores";
    return;
  }
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism, shards_of_batch);
  ShardedTraining training(context.laboratory, row);
  const int updates = std::max(1, static_cast<int>(context.effort.seconds / 40 / training.seconds(1, 3)));
  std::vector<double> one, two, speedup;
  const auto begin = Clock::now();
  while (static_cast<int>(one.size()) < context.effort.least_rounds ||
         std::chrono::duration<double>(Clock::now() - begin).count() < context.effort.seconds) {
    one.push_back(training.seconds(1, updates));
    two.push_back(training.seconds(2, updates));
    speedup.push_back(one.back() / two.back());
  }
  result["wall"]["one_thread"] = to_json({"one_thread", timing_of(one), ""});
  result["wall"]["two_threads"] = to_json({"two_threads", timing_of(two), ""});
  const Timing ratio = timing_of(speedup);
  result["speedup"] = {{"median", ratio.median}, {"low", ratio.low}, {"high", ratio.high}};
}

std::vector<BenchLines> shards_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    line["net"] = row["cell"];
    line["B"] = row["B"];
    line["H"] = row["hidden"];
    if (row.contains("problem")) {
      line["problem"] = row["problem"];
      continue;
    }
    line["one thread"] = cell_text(row["wall"]["one_thread"]);
    line["two threads"] = cell_text(row["wall"]["two_threads"]);
    line["times as fast"] = ratio_text(row["speedup"]["median"]);
    line["quartiles of pairs"] =
        ratio_text(row["speedup"]["low"]) + " to " + ratio_text(row["speedup"]["high"]);
  }
  return {lines};
}

}  // namespace

const BenchSection& shards_section() {
  static const BenchSection section{
      BenchKind::shards,
      "updates of one trial in two shards (train.batch_shards = 2), milliseconds of wall time",
      measure_shards, shards_tables};
  return section;
}

}  // namespace unroll
