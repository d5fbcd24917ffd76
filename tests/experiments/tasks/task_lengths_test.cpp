#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/experiments/tasks/task_laws.hpp"

using namespace unroll;
using namespace unroll::task_laws;

TEST_CASE("[tasks] a task can be tested at lengths far beyond those it trains at, or says that it has none") {
  for_every_variant([](const Task& task, const TaskRow& row) {
    if (has_one_length(row)) CHECK_NOTHROW(task.test_at(40, 3));
    if (!is_generated(row) || has_one_length(row)) {
      CHECK_THROWS_AS(task.test_at(50, 3), std::invalid_argument);
      return;
    }
    std::int64_t before = 0;
    for (const std::int64_t length : {40, 80, 500, 1000}) {
      const auto source = task.test_at(length, 5);
      const Batch batch = source->batch(0, 5);
      CHECK(source->size() == 5);
      CHECK(batch.even());
      CHECK(batch.steps() >= before + (length - before) / 2);
      CHECK(batch.steps() <= source->max_steps(5));
      check_inputs(task.spec(), batch);
      check_target(task.spec(), batch);
      before = batch.steps();
    }
  });
}

TEST_CASE("[tasks] a length below the least is refused with the least and the reason") {
  const auto check = [](const char* name, const char* variant, std::int64_t least) {
    CAPTURE(name);
    CAPTURE(variant);
    CHECK_NOTHROW(standard_task(any_task(name, variant, least)));
    if (least == 1) return;  // no config has a shorter one
    const std::string message = refusal(any_task(name, variant, least - 1));
    CHECK_MESSAGE(message.find("task.length") == 0, message);
    CHECK_MESSAGE(message.find("at least " + std::to_string(least) + ", got " + std::to_string(least - 1)) !=
                      std::string::npos,
                  message);
  };
  check("adding", "sum", 2);
  check("adding", "anywhere", 2);
  check("adding", "hs97", 11);
  check("adding", "pascanu", 10);
  check("multiplication", "hs97", 11);
  check("multiplication", "pascanu", 10);
  check("temporal_order", "2-symbol", 10);
  check("temporal_order", "3-symbol", 10);
  check("temporal_order", "hs97", 10);
  check("random_permutation", "100 symbols", 1);
  check("cat", "sentence", 3);
  check("cat", "place", 3);
  check("copy", "urnn", 1);
  check("copy", "5-bit", 1);
  check("copy", "20-bit", 1);
  check("parity", "standard", 1);
  check("modular_arithmetic", "brackets", 1);
  check("word_problem", "S5", 1);
  check("latching", "", 3);
  check("two_sequences", "hs97-3a", 3);
  check("noise_free", "", 2);
  check("reber", "", 9);
  check("continual_reber", "", 1);
  check("counting", "anbn", 1);
  check("timing", "", 5);
}

TEST_CASE("[tasks] a range of lengths is drawn from, or refused by those that draw by themselves") {
  const auto check = [](const char* name, const char* variant) {
    const std::string message = refusal(any_task(name, variant, LengthRange{40, 50}));
    CHECK_MESSAGE(message.find("one length, got 40..50") != std::string::npos, message);
  };
  check("adding", "hs97");
  check("adding", "pascanu");
  check("temporal_order", "hs97");
  check("cat", "sentence");
  check("two_sequences", "hs97-3c");
  check("noise_free", "");
  const auto task = standard_task(any_task("adding", "sum", LengthRange{40, 43}));
  std::set<std::int64_t> lengths;
  for (std::int64_t n = 0; n < 60; ++n) {
    const Batch batch = training_batch(*task, 3, n);
    CHECK(batch.even());  // of a batch
    lengths.insert(batch.steps());
  }
  CHECK(lengths == std::set<std::int64_t>{40, 41, 42, 43});
}

TEST_CASE("[tasks] every task can be sampled at its least length and at the next ones") {
  for (const TaskRow& row : standard_tasks())
    for (const std::string& variant : row.variants) {
      if (!is_generated(row)) continue;
      std::int64_t least = 1;
      while (refusal(any_task(row.name, variant, least)) != "(no error)") ++least;
      for (std::int64_t length = least; length < least + 12; ++length) {
        const auto task = standard_task(any_task(row.name, variant, length));
        CHECK_NOTHROW(training_batch(*task, 50));
        CHECK(task->trivial_loss() >= 0);
      }
    }
}
