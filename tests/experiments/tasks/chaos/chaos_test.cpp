#include "experiments/tasks/chaos/chaos.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> chaos(const std::string& name, double noise = 0, std::int64_t free_steps = 500) {
  TaskConfig config{.name = name, .length = 50};
  config.values["task.observation_noise"] = noise;
  config.values["task.free_steps"] = free_steps;
  return standard_task(config);
}

const std::string names[] = {"lorenz63", "lorenz96", "mackey_glass"};

/// The figures of a model that answers what the task itself would, t steps after the warm-up, changed.
std::map<std::string, double> figures_of(const Task& task, const Tensor<float>& answers) {
  std::map<std::string, double> all;
  for (const TaskFigure& one : task.judge_free_run(answers)) all[one.name] = one.value;
  return all;
}

}  // namespace

TEST_CASE("[chaos] targets are the inputs a step later, with mean 0 and deviation 1") {
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto task = chaos(name);
    const std::int64_t size = task->spec().input_size;
    CHECK(size == (name == "lorenz63" ? 3 : name == "lorenz96" ? 20 : 1));
    const Batch batch = training_batch(*task, 200);
    const std::int64_t step = 200 * size;
    for (std::int64_t i = 0; i < 49 * step; ++i)
      REQUIRE(numbers(batch.target)[i] == numbers(batch.inputs)[i + step]);
    double sum = 0, squares = 0, steps = 0;
    for (std::int64_t i = 0; i < 50 * step; ++i) {
      const auto x = static_cast<double>(numbers(batch.inputs)[i]);
      sum += x;
      squares += x * x;
      steps += std::pow(static_cast<double>(numbers(batch.target)[i]) - x, 2);
    }
    const auto count = static_cast<double>(50 * step);
    CHECK(std::abs(sum / count) < 0.1);
    CHECK(squares / count == doctest::Approx(1).epsilon(0.1));
    CHECK(steps / count == doctest::Approx(task->trivial_loss()).epsilon(0.1));
  }
}

TEST_CASE("[chaos] noise is what training reads and is asked for, the same at both; not what is tested") {
  const auto quiet = chaos("lorenz63"), noisy = chaos("lorenz63", 0.3);
  const Batch batch = training_batch(*noisy, 100);
  for (std::int64_t i = 0; i < 49 * 300; ++i)
    REQUIRE(numbers(batch.target)[i] == numbers(batch.inputs)[i + 300]);
  // The first sequence has the same orbit, and noise on it.
  double squares = 0, count = 0;
  const Batch one = training_batch(*quiet, 1), same = training_batch(*noisy, 1);
  for (std::int64_t i = 0; i < 150; ++i, ++count)
    squares += std::pow(static_cast<double>(numbers(same.inputs)[i] - numbers(one.inputs)[i]), 2);
  CHECK(std::sqrt(squares / count) == doctest::Approx(0.3).epsilon(0.25));
  CHECK(same_bits(quiet->test(50)->batch(0, 50), noisy->test(50)->batch(0, 50)));
}

TEST_CASE("[chaos] a free run goes on where the warm-up ends; the system's own orbit is valid throughout") {
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto task = chaos(name, 0, 500);
    const std::optional<FreeRun> run = task->free_run();
    REQUIRE(run);
    CHECK(run->steps == 500);
    const std::int64_t size = task->spec().input_size;
    CHECK(run->warm_up.shape() == Shape{100, 10, size});
    Tensor<float> zeros({500, 10, size}), last({500, 10, size});
    for (std::int64_t i = 0; i < last.numel(); ++i) last[i] = run->warm_up[99 * 10 * size + i % (10 * size)];
    const auto of_zeros = figures_of(*task, zeros), of_last = figures_of(*task, last);
    CHECK(of_zeros.at("free_D_stsp") > 1);
    CHECK(of_last.at("free_valid_time") > of_zeros.at("free_valid_time"));  // near for a while
    CHECK(of_zeros.at("system_D_stsp") < of_zeros.at("free_D_stsp"));
    CHECK(of_zeros.at("system_D_H") < 0.5);
    CHECK(of_zeros.at("system_D_stsp") == of_last.at("system_D_stsp"));
  }
  CHECK_FALSE(chaos("lorenz63", 0, 0)->free_run());
}

TEST_CASE("[tasks] Mackey-Glass may be asked for far ahead, and then runs on nothing of its own") {
  TaskConfig config = any_task("mackey_glass", "standard", 150);
  const auto next = standard_task(config);
  config.values["task.horizon"] = std::int64_t{84};
  const auto far = standard_task(config);
  const Batch batch = far->validation(4)->batch(0, 4);
  for (std::int64_t b = 0; b < 4; ++b)
    for (std::int64_t t = 0; t + 84 < batch.steps(); ++t)
      CHECK(numbers(batch.target)[t * 4 + b] == numbers(batch.inputs)[(t + 84) * 4 + b]);
  CHECK(far->trivial_loss() > 100 * next->trivial_loss());
  CHECK(std::sqrt(far->trivial_loss()) ==
        doctest::Approx(1.63).epsilon(0.1));  // persistence, by studies of it
  CHECK(next->free_run());
  CHECK_FALSE(far->free_run());
}

TEST_CASE("[tasks] Of Mackey-Glass's washout answers do not count; a sequence has to be longer") {
  TaskConfig config = any_task("mackey_glass", "standard", 40);
  const Batch plain = standard_task(config)->test(3)->batch(0, 3);
  config.values["task.washout"] = std::int64_t{10};
  const auto task = standard_task(config);
  Batch washed = task->test(3)->batch(0, 3);
  for (std::int64_t t = 0; t < 40; ++t)
    for (std::int64_t b = 0; b < 3; ++b) CHECK(washed.weight(t, b) == (t < 10 ? 0 : 1));
  washed.weights.reset();
  CHECK(same_bits(plain, washed));
  CHECK(task->test_at(11, 1)->batch(0, 1).weight(10, 0) == 1);
  CHECK_THROWS_WITH(task->test_at(10, 1),
                    "task.washout: expected less than a sequence has, 10 steps, found 10");
  config.values["task.washout"] = std::int64_t{40};
  CHECK_THROWS_WITH(standard_task(config),
                    "task.washout: expected less than a sequence has, 40 steps, found 40");
}
