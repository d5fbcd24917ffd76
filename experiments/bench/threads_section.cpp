#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <thread>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/sections.hpp"
#include "experiments/sweep/machine.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

// Two training loops at once, each on its own thread, against one alone.

namespace unroll {

namespace {

using Clock = std::chrono::steady_clock;

/// A net and its optimiser.
class TrainingLoop {
 public:
  explicit TrainingLoop(const BenchRow& row) : step_(row.cell, row.shape) { train(1); }  // sizes everything

  /// Seconds for each of `updates` updates.
  double train(int updates) {
    const FlushSubnormals flush;
    single_threaded_products();
    const auto begin = Clock::now();
    for (int i = 0; i < updates; ++i) {
      step_.run();
      optimizer_->step(1e-4, parameters());
    }
    return std::chrono::duration<double>(Clock::now() - begin).count() / updates;
  }

 private:
  std::span<const ParameterRef> parameters() {
    refs_.clear();
    for (std::size_t i = 0; i < step_.values().size(); ++i)
      refs_.push_back({step_.specs()[i].name, step_.values()[i].span(), step_.gradient(i)});
    return refs_;
  }

  EngineStep step_;
  std::unique_ptr<Optimizer> optimizer_ = make_optimizer({});
  std::vector<ParameterRef> refs_;
};

/// Trains all `loops` at once, each on a thread of its own; seconds per update of each.
std::vector<double> train_together(std::span<TrainingLoop> loops, int updates) {
  std::vector<double> seconds(loops.size());
  std::barrier start(static_cast<std::ptrdiff_t>(loops.size()));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      seconds[i] = loops[i].train(updates);
    });
  }
  threads.clear();
  return seconds;
}

int updates_in(double seconds, TrainingLoop& loop) {
  return std::max(1, static_cast<int>(seconds / loop.train(3)));
}

void measure(const BenchRow& row, BenchContext& context, BenchResult& result) {
  BenchResult& times = result["times"];
  if (machine_limits().usable_cores() < 2) {
    for (const char* key : {"alone", "first", "second"}) times[key] = {{"problem", "needs two cores"}};
    return;
  }
  std::array loops = {TrainingLoop(row), TrainingLoop(row)};
  // Long samples: threads take a while to start.
  const int updates = updates_in(context.effort.seconds / 20, loops[0]);
  std::vector<double> alone, first, second;
  const auto begin = Clock::now();
  while (static_cast<int>(alone.size()) < context.effort.least_rounds ||
         std::chrono::duration<double>(Clock::now() - begin).count() < context.effort.seconds) {
    alone.push_back(train_together({loops.data(), 1}, updates)[0]);
    const std::vector<double> both = train_together(loops, updates);
    first.push_back(both[0]);
    second.push_back(both[1]);
  }
  times["alone"] = to_json({"alone", timing_of(alone), ""});
  times["first"] = to_json({"first", timing_of(first), ""});
  times["second"] = to_json({"second", timing_of(second), ""});
}

std::vector<BenchLines> tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    const BenchResult& times = row["times"];
    BenchResult& line = lines.emplace_back();
    line["net"] = row["cell"];
    line["alone"] = cell_text(times["alone"]);
    line["first of two"] = cell_text(times["first"]);
    line["second of two"] = cell_text(times["second"]);
    line["first/alone"] = ratio_text(ratio_of(times["first"], times["alone"]));
    line["second/alone"] = ratio_text(ratio_of(times["second"], times["alone"]));
  }
  return {lines};
}

}  // namespace

const BenchSection& threads_section() {
  static const BenchSection section{BenchKind::threads,
                                    "two training loops on two threads, milliseconds per update of one batch",
                                    measure, tables};
  return section;
}

}  // namespace unroll
