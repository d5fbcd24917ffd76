#include "experiments/tasks/latching.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> latching(std::int64_t length, double noise) {
  TaskConfig config{.name = "latching", .length = length};
  config.values["task.noise"] = noise;
  return standard_task(config);
}

std::unique_ptr<Task> two_sequences(const std::string& variant, std::int64_t length) {
  return standard_task({.name = "two_sequences", .variant = variant, .length = length});
}

struct Moments {
  double sum = 0, squares = 0, count = 0;

  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return sum / count; }
  double variance() const { return squares / count - mean() * mean(); }
};

/// The loss of one output for all.
double loss_of_constant(const Task& task, const Batch& batch, float output) {
  return judged(task.spec(), batch, Tensor<float>({batch.rows(), 1}, output)).at("loss");
}

}  // namespace

TEST_CASE("[tasks] latching: a channel for each class and step, then noise of its deviation, target +-0.8") {
  for (const double noise : {0.0, 0.2, 1.5}) {
    const std::int64_t sequences = 2000, length = 20;
    const Batch batch = training_batch(*latching(length, noise), sequences);
    REQUIRE(shape_of(batch.inputs) == Shape{length, sequences, 7});
    Moments after, classes;
    for (std::int64_t b = 0; b < sequences; ++b) {
      const double target = static_cast<double>(numbers(batch.target)[b]);
      CHECK(std::abs(target) == doctest::Approx(0.8));
      classes.add(target > 0);
      for (std::int64_t t = 0; t < length; ++t)
        for (std::int64_t i = 0; i < 7; ++i) {
          const auto x = static_cast<double>(numbers(batch.inputs)[(t * sequences + b) * 7 + i]);
          if (t >= 3 && i == 6)
            after.add(x);
          else
            CHECK(x == double(t < 3 && i == t + (target > 0 ? 0 : 3)));
        }
    }
    CHECK(std::abs(after.mean()) <= 5 * noise / std::sqrt(after.count));
    CHECK(std::sqrt(after.variance()) == doctest::Approx(noise).epsilon(0.03));
    CHECK(std::abs(classes.mean() - 0.5) < 5 * 0.5 / std::sqrt(2000.0));
  }
}

TEST_CASE("[tasks] latching: right is the sign of what a tanh unit can be; the trivial loss is that of 0") {
  const auto task = latching(20, 0.2);
  const Batch batch = training_batch(*task, 200);
  const auto wrong = [&](float factor) {
    Tensor<float> outputs = numbers(batch.target);
    for (float& x : outputs.span()) x *= factor;
    return judged(task->spec(), batch, outputs).at("error_rate");
  };
  CHECK(wrong(0.01f) == 0);
  CHECK(wrong(0.999f / 0.8f) == 0);
  CHECK(wrong(-0.01f) == 1);
  CHECK(wrong(0) == 1);
  CHECK(loss_of_constant(*task, batch, 0) == doctest::Approx(task->trivial_loss()).epsilon(1e-6));
  CHECK(task->trivial_loss() == doctest::Approx(0.64));
  CHECK(task->success().holds({{"error_rate", 0}}));
  CHECK_FALSE(task->success().holds({{"error_rate", 0.0005}}));
}

TEST_CASE("[tasks] two sequences: three values of a class, then noise of variance 0.2, lengths T to 1.1 T") {
  for (const std::string variant : {"hs97-3a", "hs97-3c"}) {
    CAPTURE(variant);
    const auto task = two_sequences(variant, 30);
    std::set<std::int64_t> lengths;
    Moments noise, class_one;
    for (std::int64_t n = 0; n < 100; ++n) {
      const Batch batch = task->validation(2000)->batch(n, 20);
      lengths.insert(batch.steps());
      for (std::int64_t b = 0; b < 20; ++b) {
        const float first = numbers(batch.inputs)[b];
        class_one.add(first > 0);
        CHECK(std::abs(first) == 1);
        for (std::int64_t t = 0; t < batch.steps(); ++t) {
          const float x = numbers(batch.inputs)[t * 20 + b];
          if (t < 3)
            CHECK(x == first);
          else
            noise.add(static_cast<double>(x));
        }
        const float one = variant == "hs97-3a" ? 1.f : 0.2f, two = variant == "hs97-3a" ? 0.f : 0.8f;
        CHECK(numbers(batch.target)[b] == (first > 0 ? one : two));
      }
    }
    CHECK(lengths == std::set<std::int64_t>{30, 31, 32, 33});
    CHECK(noise.variance() == doctest::Approx(0.2).epsilon(0.02));
    CHECK(std::abs(noise.mean()) < 5 * std::sqrt(0.2 / noise.count));
    CHECK(std::abs(class_one.mean() - 0.5) < 5 * 0.5 / std::sqrt(2000.0));
  }
}

TEST_CASE("[tasks] two sequences, 3c: targets are noisy in training only, about those that are asked for") {
  const auto task = two_sequences("hs97-3c", 30);
  const Batch batch = training_batch(*task, 20000);
  Moments one, two;
  for (std::int64_t b = 0; b < batch.rows(); ++b)
    (numbers(batch.inputs)[b] > 0 ? one : two).add(static_cast<double>(numbers(batch.target)[b]));
  CHECK(std::abs(one.mean() - 0.2) < 5 * std::sqrt(0.1 / one.count));
  CHECK(std::abs(two.mean() - 0.8) < 5 * std::sqrt(0.1 / two.count));
  CHECK(one.variance() == doctest::Approx(0.1).epsilon(0.05));
  CHECK(two.variance() == doctest::Approx(0.1).epsilon(0.05));
  std::set<float> asked;
  const Batch tested = task->test(500)->batch(0, 500);
  for (const float target : numbers(tested.target).span()) asked.insert(target);
  CHECK(asked == std::set<float>{0.2f, 0.8f});
}

TEST_CASE("[tasks] two sequences: the trivial loss is that of one half, and each variant has its rule") {
  for (const std::string variant : {"hs97-3a", "hs97-3c"}) {
    const auto task = two_sequences(variant, 30);
    // A logistic output of 0 is one half.
    const Batch batch = task->validation(20000)->batch(0, 20000);
    CHECK(loss_of_constant(*task, batch, 0) == doctest::Approx(task->trivial_loss()).epsilon(1e-6));
  }
  const auto solved = [](const std::string& variant, double wrong, double mean_error) {
    return two_sequences(variant, 30)->success().holds({{"error_rate", wrong}, {"mae", mean_error}});
  };
  CHECK(solved("hs97-3a", 0, 0.009));
  CHECK_FALSE(solved("hs97-3a", 0, 0.01));
  CHECK_FALSE(solved("hs97-3a", 0.001, 0.009));
  CHECK(solved("hs97-3c", 0.1, 0.0149));
  CHECK_FALSE(solved("hs97-3c", 0, 0.015));
}
