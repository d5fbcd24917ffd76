#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "experiments/data/source.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/experiments/sweep/planned.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

// train.training_sequences: a fixed set that generated tasks are trained on.

using namespace unroll;
using namespace unroll::config_tests;
using unroll::test::Training;

namespace {

Config on_a_set(std::int64_t sequences, const std::string& task = "adding", LengthRange length = 6) {
  Config config = laboratory().default_config();
  config.task = {.name = task, .length = length};
  config.model.hidden = 4;
  config.train.batch = 4;
  config.train.training_sequences = sequences;
  config.train.optimizer = "sgd";
  config.train.learning_rate = 1e-30;
  laboratory().resolve(config);
  return config;
}

using Bits = std::vector<float>;

/// (T, B) tokens as (T, B, 1).
Tensor<float> as_numbers(const Tensor<std::int64_t>& tokens) {
  Tensor<float> all({tokens.shape()[0], tokens.shape()[1], 1});
  std::ranges::transform(tokens.span(), all.data(), [](std::int64_t one) { return static_cast<float>(one); });
  return all;
}

/// Each sequence of a batch, its steps' inputs one after the other.
std::vector<Bits> sequences_of(const Batch& batch) {
  const auto* tokens = std::get_if<Tensor<std::int64_t>>(&batch.inputs);
  const Tensor<float> inputs = tokens ? as_numbers(*tokens) : std::get<Tensor<float>>(batch.inputs);
  const std::int64_t rows = batch.rows(), size = inputs.shape()[2];
  std::vector<Bits> all(static_cast<std::size_t>(rows));
  for (std::int64_t b = 0; b < rows; ++b)
    for (std::int64_t t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t)
      for (std::int64_t i = 0; i < size; ++i)
        all[static_cast<std::size_t>(b)].push_back(inputs[(t * rows + b) * size + i]);
  return all;
}

/// What so many updates see, in order.
std::vector<Bits> seen_in(const Config& config, std::int64_t updates) {
  Training training(config);
  std::vector<Bits> all;
  for (std::int64_t n = 0; n < updates; ++n) {
    training.update(n);
    for (Bits& one : sequences_of(training.trainer.piece().batch)) all.push_back(std::move(one));
  }
  return all;
}

std::string message_of(const std::string& text) {
  return error_of<ConfigError>([&] { plan_of(text); });
}

}  // namespace

TEST_CASE("[training set] every pass sees every sequence once, in an order of its own") {
  const std::vector<Bits> seen = seen_in(on_a_set(12), 9);  // three passes
  REQUIRE(seen.size() == 36);
  const std::vector<Bits> first(seen.begin(), seen.begin() + 12),
      second(seen.begin() + 12, seen.begin() + 24);
  const std::set<Bits> set(first.begin(), first.end());
  CHECK(set.size() == 12);
  CHECK(std::set<Bits>(second.begin(), second.end()) == set);
  CHECK(std::set<Bits>(seen.begin() + 24, seen.end()) == set);
  CHECK(first != second);
  // Without the setting they are all new.
  const std::vector<Bits> fresh = seen_in(on_a_set(0), 9);
  CHECK(std::set<Bits>(fresh.begin(), fresh.end()).size() == 36);
}

TEST_CASE("[training set] a larger set begins with the smaller one, and another seed makes another") {
  const auto set_of = [](Config config) {
    const std::vector<Bits> seen = seen_in(config, config.train.training_sequences / 4);
    return std::set<Bits>(seen.begin(), seen.end());
  };
  const std::set<Bits> small = set_of(on_a_set(8)), large = set_of(on_a_set(40));
  CHECK(large.size() == 40);
  for (const Bits& one : small) CHECK(large.contains(one));
  Config other = on_a_set(8);
  other.seed = 2;
  for (const Bits& one : set_of(other)) CHECK_FALSE(small.contains(one));
}

TEST_CASE("[training set] every task that makes its sequences has one, at every length") {
  for (const TaskRow& row : laboratory().tasks()) {
    if (!row.length) continue;
    CAPTURE(row.name);
    const Config config = on_a_set(10, row.name, *row.length);
    const auto task = laboratory().make_task(config.task);
    const auto set = task->training_set(1, 10);
    std::size_t longest = 0;
    for (std::int64_t n = 0; n < 5; ++n) longest = std::max<std::size_t>(longest, set->batch(n, 4).steps());
    CHECK(static_cast<std::int64_t>(longest) <= set->max_steps(4));
    CHECK(set->batch(3, 4).rows() == 4);
  }
}

TEST_CASE(
    "[training set] it holds what would be trained on without it, sequence for sequence, of every task") {
  for (const TaskRow& row : laboratory().tasks()) {
    if (!row.length) continue;
    for (const std::string& variant : row.variants.empty() ? std::vector<std::string>{""} : row.variants) {
      CAPTURE(row.name);
      CAPTURE(variant);
      Config config = on_a_set(20, row.name, *row.length);
      config.task.variant = variant;
      const auto task = laboratory().make_task(config.task);
      const auto endless = task->training(1), set = task->training_set(1, 20);
      std::multiset<Bits> fresh, fixed;
      for (std::int64_t n = 0; n < 20; ++n) {
        for (Bits& one : sequences_of(endless->batch(n, 1))) fresh.insert(std::move(one));
        for (Bits& one : sequences_of(set->batch(n, 1))) fixed.insert(std::move(one));
      }
      CHECK(fixed == fresh);
    }
  }
}

TEST_CASE("[training set] its strings are as long as the grammar makes them, not each length as often") {
  const Config config = on_a_set(400, "reber", {9, 100});
  const auto set = laboratory().make_task(config.task)->training_set(1, 400);
  double steps = 0;
  for (std::int64_t n = 0; n < 400; ++n) steps += static_cast<double>(set->batch(n, 1).lengths.front());
  CHECK(steps / 400 == doctest::Approx(11).epsilon(0.05));  // in the mean of the grammar
}

TEST_CASE("[training set] sequences keep their own lengths") {
  const Config config = on_a_set(10, "adding", {5, 9});
  const auto set = laboratory().make_task(config.task)->training_set(1, 10);
  CHECK(set->uneven());
  std::set<std::int64_t> lengths;
  for (std::int64_t n = 0; n < 3; ++n)
    for (const std::int64_t length : set->batch(n, 5).lengths) lengths.insert(length);
  CHECK(lengths.size() > 1);
  CHECK(*lengths.begin() >= 5);
  CHECK(*lengths.rbegin() <= 9);
  Training training(config);
  CHECK(std::isfinite(training.update(0)));
}

TEST_CASE("[training set] it can be learned by heart, which validation shows") {
  Config config = on_a_set(8, "temporal_order", 10);
  config.model.hidden = 16;
  config.train.batch = 8;
  config.train.optimizer = "adam";
  config.train.learning_rate = 0.01;
  Training training(config);
  double loss = 0;
  for (std::int64_t n = 0; n < 600; ++n) loss = training.update(n);
  CHECK(loss < 0.05);
  CHECK(training.validate().loss() > 1);
}

TEST_CASE("[training set] tasks with a set of their own refuse it, and say why") {
  const ConfigFile text("one two three one two three one two three one two three", "some.txt");
  const std::string message =
      message_of(fmt::format("task.name = \"words\"\ntask.text = \"{}\"\ntrain.window = 2\ntrain.batch = "
                             "1\ntrain.training_sequences = 100",
                             text.path().string()));
  CHECK_MESSAGE(contains(message, ":5:"), message);
  CHECK_MESSAGE(contains(message, "train.training_sequences: 100 sequences are to be made once"), message);
  CHECK_MESSAGE(contains(message, "it has a training set of its own"), message);
  CHECK(message_of("train.training_sequences = 100") == "(no error)");
}
