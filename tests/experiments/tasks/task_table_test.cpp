#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "experiments/tasks/task.hpp"
#include "tests/support/any_task.hpp"

using namespace unroll;

namespace {

/// Calls f(task, config) for every variant of every task, at length 40.
template <class F>
void for_every_variant(const F& f) {
  for (const TaskRow& row : task_table())
    for (std::string_view variant : row.variants) {
      const TaskConfig config = any_task(row.name, variant, 40);
      CAPTURE(config.name);
      CAPTURE(config.variant);
      f(*make_task(config), config);
    }
}

std::string refusal(const TaskConfig& config) {
  try {
    make_task(config);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("[tasks] a batch has the shapes that its task announces") {
  for_every_variant([](const Task& task, const TaskConfig&) {
    Stream stream(1, Purpose::check);
    for (std::int64_t sequences : {1, 7}) {
      const Batch batch = task.sample(stream, sequences);
      const std::int64_t steps = batch.steps();
      CHECK(batch.rows() == sequences);
      CHECK(steps <= task.max_steps(sequences));
      if (task.vocabulary())
        CHECK(batch.tokens.shape() == Shape{steps, sequences});
      else
        CHECK(batch.inputs.shape() == Shape{steps, sequences, task.input_size()});
      const bool last = task.readout() == Readout::last;
      if (task.loss() == Loss::mse)
        CHECK(batch.targets.shape() ==
              (last ? Shape{sequences, task.output_size()} : Shape{steps, sequences, task.output_size()}));
      else
        CHECK(batch.classes.shape() == (last ? Shape{sequences} : Shape{steps, sequences}));
    }
  });
}

TEST_CASE("[tasks] the same stream gives the same batch, another one another") {
  for_every_variant([](const Task& task, const TaskConfig&) {
    Stream first(1, Purpose::training_data, {5}), again(1, Purpose::training_data, {5});
    Stream other(1, Purpose::validation_data, {5});
    const Batch a = task.sample(first, 20), b = task.sample(again, 20), c = task.sample(other, 20);
    CHECK(a.inputs.same_bits(b.inputs));
    CHECK(a.tokens.same_bits(b.tokens));
    CHECK(a.targets.same_bits(b.targets));
    CHECK(a.classes.same_bits(b.classes));
    if (task.validation()) return;  // a text is always the same
    const auto same = [&](const Batch& x) {
      return task.vocabulary() ? a.tokens.same_bits(x.tokens) : a.inputs.same_bits(x.inputs);
    };
    CHECK(!same(c));
    CHECK(!same(task.sample(first, 20)));
  });
}

TEST_CASE("[tasks] the first sequences of a batch do not depend on how many follow") {
  for_every_variant([](const Task& task, const TaskConfig&) {
    if (task.validation()) return;  // a text is divided into as many parts
    Stream one(3, Purpose::check), other(3, Purpose::check);
    const Batch few = task.sample(one, 4), many = task.sample(other, 9);
    const std::int64_t steps = few.steps(), width = task.input_size();
    REQUIRE(many.steps() == steps);
    for (std::int64_t t = 0; t < steps && task.vocabulary(); ++t)
      CHECK(
          std::equal(few.tokens.data() + t * 4, few.tokens.data() + (t + 1) * 4, many.tokens.data() + t * 9));
    for (std::int64_t t = 0; t < steps && !task.vocabulary(); ++t)
      CHECK(std::equal(few.inputs.data() + t * 4 * width, few.inputs.data() + (t + 1) * 4 * width,
                       many.inputs.data() + t * 9 * width));
  });
}

TEST_CASE("[tasks] no sequence is wrong for the outputs that are its targets, all are for NaN") {
  for_every_variant([](const Task& task, const TaskConfig&) {
    Stream stream(2, Purpose::check);
    const std::int64_t sequences = 30;
    const Batch batch = task.sample(stream, sequences);
    Tensor<float> outputs = batch.targets;
    if (task.loss() == Loss::cross_entropy) {
      Shape shape = batch.classes.shape();
      shape.push_back(task.output_size());
      outputs = Tensor<float>(shape);
      for (std::int64_t i = 0; i < batch.classes.numel(); ++i)
        outputs[i * task.output_size() + batch.classes[i]] = 10;
    }
    CHECK(task.count_wrong(batch, outputs) == 0);
    outputs.fill(std::numeric_limits<float>::quiet_NaN());
    CHECK(task.count_wrong(batch, outputs) == sequences);
    CHECK_THROWS_AS(task.count_wrong(batch, Tensor<float>({3, 3, 3})), std::invalid_argument);
  });
}

TEST_CASE("[tasks] the trivial predictor does not solve a task, nor does NaN; the perfect one does") {
  for_every_variant([](const Task& task, const TaskConfig&) {
    CHECK(!task.solved(task.trivial_loss(), 1));
    CHECK(!task.solved(std::numeric_limits<double>::quiet_NaN(), 1));
    CHECK(task.solved(0, 0));
    CHECK(!task.success_rule().empty());
  });
}

TEST_CASE("[tasks] a length below the least is refused with the least and the reason") {
  const auto check = [](const char* name, const char* variant, std::int64_t least) {
    CAPTURE(name);
    CAPTURE(variant);
    CHECK_NOTHROW(make_task(any_task(name, variant, least)));
    for (std::int64_t length : {least - 1, std::int64_t{0}, std::int64_t{-5}}) {
      const std::string message = refusal(any_task(name, variant, length));
      CHECK(message.find("task.length") == 0);
      CHECK(message.find("at least " + std::to_string(least) + ", got " + std::to_string(length)) !=
            std::string::npos);
    }
  };
  check("adding", "sum", 2);
  check("adding", "anywhere", 2);
  check("adding", "hs97", 11);
  check("adding", "pascanu", 10);
  check("adding", "product", 2);
  check("temporal_order", "2-symbol", 10);
  check("temporal_order", "3-symbol", 10);
  check("temporal_order", "hs97", 10);
  check("cat", "sentence", 3);
  check("cat", "place", 3);
  check("copy", "urnn", 1);
  check("copy", "5-bit", 1);
  check("copy", "20-bit", 1);
}

TEST_CASE("[tasks] every task can be sampled at its least length and at the next ones") {
  for (const TaskRow& row : task_table())
    for (std::string_view variant : row.variants) {
      std::int64_t least = 1;
      while (refusal(any_task(row.name, variant, least)) != "accepted") ++least;
      for (std::int64_t length = least; length < least + 12; ++length) {
        Stream stream(1, Purpose::check);
        CHECK_NOTHROW(make_task(any_task(row.name, variant, length))->sample(stream, 50));
      }
    }
}

TEST_CASE("[tasks] unknown tasks and variants are refused with the known ones, no variant is the first") {
  CHECK(refusal(any_task("subtracting", "", 10)) ==
        "task.name: unknown task \"subtracting\" (known: adding, temporal_order, copy, cat, characters, "
        "words)");
  CHECK(refusal(any_task("adding", "mean", 10)) ==
        "task.variant: unknown variant \"mean\" of adding (known: sum, anywhere, hs97, pascanu, product)");
  CHECK(make_task(any_task("adding", "", 10))->trivial_loss() ==
        make_task(any_task("adding", "sum", 10))->trivial_loss());
}
