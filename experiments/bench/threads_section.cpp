#include <time.h>

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

/// CPU time of the calling thread.
double thread_cpu_seconds() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Where other programs take their share of the cores, only the second says what two loops do to each other.
struct Spent {
  double wall, cpu;
};

/// A net and its optimiser.
class TrainingLoop {
 public:
  explicit TrainingLoop(const BenchRow& row) : step_(row.cell, row.shape) { train(1); }  // sizes everything

  /// Seconds for each of `updates` updates.
  Spent train(int updates) {
    const FlushSubnormals flush;
    single_threaded_products();
    const auto begin = Clock::now();
    const double cpu_begin = thread_cpu_seconds();
    for (int i = 0; i < updates; ++i) {
      step_.run();
      optimizer_->step(1e-4, parameters());
    }
    return {std::chrono::duration<double>(Clock::now() - begin).count() / updates,
            (thread_cpu_seconds() - cpu_begin) / updates};
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
std::vector<Spent> train_together(std::span<TrainingLoop> loops, int updates) {
  std::vector<Spent> seconds(loops.size());
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
  return std::max(1, static_cast<int>(seconds / loop.train(3).wall));
}

/// One loop by itself, or one of two.
struct Place {
  const char* key;
  const char* head;
  std::vector<double> wall = {}, cpu = {};

  void add(Spent spent) {
    wall.push_back(spent.wall);
    cpu.push_back(spent.cpu);
  }
};

std::array<Place, 3> places() {
  return {{{"alone", "alone"}, {"first", "first of two"}, {"second", "second of two"}}};
}

void measure_threads(const BenchRow& row, BenchContext& context, BenchResult& result) {
  if (machine_limits().usable_cores() < 2) {
    result["problem"] = "needs two cores";
    return;
  }
  auto [alone, first, second] = places();
  std::array loops = {TrainingLoop(row), TrainingLoop(row)};
  // Long samples: threads take a while to start.
  const int updates = updates_in(context.effort.seconds / 20, loops[0]);
  const auto begin = Clock::now();
  while (static_cast<int>(alone.wall.size()) < context.effort.least_rounds ||
         std::chrono::duration<double>(Clock::now() - begin).count() < context.effort.seconds) {
    alone.add(train_together({loops.data(), 1}, updates)[0]);
    const std::vector<Spent> both = train_together(loops, updates);
    first.add(both[0]);
    second.add(both[1]);
  }
  for (const Place& place : {alone, first, second}) {
    result["wall"][place.key] = to_json({place.key, timing_of(place.wall), ""});
    result["cpu"][place.key] = to_json({place.key, timing_of(place.cpu), ""});
  }
}

std::vector<BenchLines> threads_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    if (row.contains("problem")) {
      lines.push_back({{"net", row["cell"]}, {"problem", row["problem"]}});
      continue;
    }
    for (const char* clock : {"wall", "cpu"}) {
      const BenchResult& times = row[clock];
      BenchResult& line = lines.emplace_back();
      line["net"] = row["cell"];
      line["clock"] = clock;
      for (const Place& place : places()) line[place.head] = cell_text(times[place.key]);
      line["first/alone"] = ratio_text(ratio_of(times["first"], times["alone"]));
      line["second/alone"] = ratio_text(ratio_of(times["second"], times["alone"]));
    }
  }
  return {lines};
}

}  // namespace

const BenchSection& threads_section() {
  static const BenchSection section{BenchKind::threads,
                                    "two training loops on two threads, milliseconds per update of one batch",
                                    measure_threads, threads_tables};
  return section;
}

}  // namespace unroll
