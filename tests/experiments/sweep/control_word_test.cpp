#include "tests/support/control_word.hpp"

#include <doctest/doctest.h>
#include <tbb/task_scheduler_observer.h>

#include <cmath>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "experiments/tasks/task.hpp"
#include "experiments/train/sharded_plan.hpp"
#include "experiments/train/trial.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/tensor/cpu.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;

#if defined(__x86_64__)

namespace {

/// What threads' control words say, one entry for each look.
class Looks {
 public:
  void look() {
    const std::lock_guard lock(mutex_);
    seen_.push_back(control_word());
  }
  std::size_t count() const { return seen_.size(); }
  bool all(Subnormals expected) const {
    for (const Subnormals seen : seen_)
      if (seen != expected) return false;
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<Subnormals> seen_;
};

/// Looks at every thread of TBB that leaves an arena, when its last task there has ended.
class LookAtLeaving : public tbb::task_scheduler_observer {
 public:
  LookAtLeaving() { observe(true); }
  ~LookAtLeaving() override { observe(false); }
  void on_scheduler_exit(bool) override { looks.look(); }

  Looks looks;
};

/// A network whose outputs are products of two numbers near 1e-20: subnormal, or zero where they are flushed.
struct TinyNetwork {
  Config config = small();
  std::unique_ptr<Task> task = laboratory().make_task(config.task);
  std::shared_ptr<TaskModel> model =
      std::make_shared<TaskModel>(laboratory().cells(), config, task->spec(), Recording{});
  Var mean_of_outputs = mean(model->recorded.outputs);
  std::vector<Tensor<float>> parameters = tiny(initial_parameters(config, model->model));

  static Config small() {
    Config config = laboratory().default_config();
    config.task = {.name = "adding", .length = 6};
    laboratory().resolve(config);
    config.model.hidden = 8;
    config.train.batch = 6;
    return config;
  }

  static std::vector<Tensor<float>> tiny(std::vector<Tensor<float>> all) {
    for (Tensor<float>& parameter : all)
      for (float& x : parameter.span()) x = parameter.shape().rank() == 2 ? 1e-20f : 0.0f;
    return all;
  }

  /// The mean output when the batch runs in that many shards.
  float mean_output(std::int64_t shards) {
    const Piece piece{.batch = task->training(config.seed)->batch(0, config.train.batch)};
    ShardedPlan plan(model, {mean_of_outputs}, shards);
    plan.run(piece, parameters);
    const KeepSubnormals kept;
    return plan.mean_elements(mean_of_outputs)[0];
  }
};

}  // namespace

TEST_CASE("[control word] the test reads what the guards write") {
  CHECK(control_word() == Subnormals::kept);
  {
    const FlushSubnormals flush;
    CHECK(control_word() == Subnormals::flushed);
  }
  CHECK(control_word() == Subnormals::kept);
}

TEST_CASE("[control word] every trial of a sweep flushes subnormals, and no thread does so after it") {
  const TemporaryFolder folder;
  const SweepPlan plan = fake_plan(folder.path());
  Looks inside;
  LookAtLeaving leaving;
  run_quietly(plan, folder.path() / "out", 3, [&](const Config& config, const TrialHooks& hooks) {
    inside.look();
    return slow_trial(config, hooks);
  });
  CHECK(inside.count() == plan.trials.size());
  CHECK(inside.all(Subnormals::flushed));
  CHECK(leaving.looks.all(Subnormals::kept));
  CHECK(control_word() == Subnormals::kept);
}

TEST_CASE("[control word] a trial that fails leaves the control word as it was") {
  const TemporaryFolder folder;
  run_quietly(fake_plan(folder.path()), folder.path() / "out", 1,
              [](const Config&, const TrialHooks&) -> TrialRecord { throw std::runtime_error("broken"); });
  CHECK(control_word() == Subnormals::kept);
}

TEST_CASE(
    "[control word] the shards of a batch flush subnormals whatever their caller does, and restore it") {
  TinyNetwork network;
  CHECK(network.mean_output(1) > 0);  // one shard runs as its caller says
  CHECK(network.mean_output(2) == 0);
  CHECK(network.mean_output(3) == 0);
  CHECK(control_word() == Subnormals::kept);
  const FlushSubnormals flush;
  CHECK(network.mean_output(1) == 0);
  CHECK(network.mean_output(2) == 0);
  CHECK(control_word() == Subnormals::flushed);
}

#endif
