#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>

#include "experiments/tasks/task.hpp"
#include "tests/experiments/tasks/task_laws.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;
using namespace unroll::task_laws;

namespace {

std::vector<std::unique_ptr<DataSource>> sources_of(const Task& task, std::int64_t sequences) {
  std::vector<std::unique_ptr<DataSource>> all;
  all.push_back(task.training(1));
  all.push_back(task.validation(sequences));
  if (auto test = task.test(sequences)) all.push_back(std::move(test));
  return all;
}

/// The numbers or tokens that a sequence reads.
std::vector<double> read_by(const Batch& batch, std::int64_t b) {
  const Shape& shape = shape_of(batch.inputs);
  const std::int64_t entry = shape.rank() == 3 ? shape[2] : 1;
  std::vector<double> all;
  std::visit(
      [&](const auto& tensor) {
        for (std::int64_t t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t)
          for (std::int64_t i = 0; i < entry; ++i)
            all.push_back(static_cast<double>(tensor[(t * batch.rows() + b) * entry + i]));
      },
      batch.inputs);
  return all;
}

std::set<std::vector<double>> sequences_of(const Batch& batch) {
  std::set<std::vector<double>> all;
  for (std::int64_t b = 0; b < batch.rows(); ++b) all.insert(read_by(batch, b));
  return all;
}

bool share_a_sequence(const Batch& a, const Batch& b) {
  const std::set<std::vector<double>> of_a = sequences_of(a);
  return std::ranges::any_of(sequences_of(b), [&](const auto& sequence) { return of_a.contains(sequence); });
}

}  // namespace

TEST_CASE("[tasks] a batch of every source has the shapes and classes that its task announces") {
  const auto check = [](const Task& task, const TaskRow& row) {
    CHECK(task.spec().inputs == row.inputs);
    for (const auto& source : sources_of(task, 23))
      for (const std::int64_t sequences : {1, 7}) {
        const Batch batch = source->batch(0, sequences);
        CHECK(source->carried() == row.carried);
        if (!source->carried())
          CHECK(batch.rows() == std::min(sequences, source->size().value_or(sequences)));
        CHECK(batch.steps() <= source->max_steps(sequences));
        CHECK(batch.weights.has_value() == source->weighted());
        REQUIRE(static_cast<std::int64_t>(batch.lengths.size()) == batch.rows());
        CHECK(*std::ranges::max_element(batch.lengths) == batch.steps());
        if (!source->uneven()) CHECK(batch.even());
        check_inputs(task.spec(), batch);
        check_target(task.spec(), batch);
      }
  };
  for_every_variant(check);
  for_every_variant(std::nullopt, check);
}

TEST_CASE("[tasks] weights are as many as steps, not negative, and some step of each sequence has one") {
  int weighted = 0;
  for_every_variant([&](const Task& task, const TaskRow&) {
    const Batch batch = training_batch(task, 20);
    if (batch.weights) {
      ++weighted;
      REQUIRE(batch.weights->shape() == Shape{batch.steps(), batch.rows()});
      CHECK(std::ranges::all_of(batch.weights->span(), [](float w) { return w >= 0 && std::isfinite(w); }));
    }
    for (std::int64_t b = 0; b < batch.rows(); ++b) {
      float sum = 0;
      for (std::int64_t t = 0; t < batch.steps(); ++t) sum += batch.weight(t, b);
      CHECK(sum > 0);
      const std::int64_t last = batch.lengths[static_cast<std::size_t>(b)] - 1;
      if (!task.spec().every_step()) CHECK(batch.weight(last, b) > 0);
    }
  });
  CHECK(weighted > 0);  // else nothing was looked at
}

TEST_CASE(
    "[tasks] training is a function of seed and batch; validation and test are the same at every call") {
  for_every_variant([](const Task& task, const TaskRow& row) {
    CHECK(same_bits(training_batch(task, 20, 3, 1), training_batch(task, 20, 3, 1)));
    CHECK(same_bits(task.validation(40)->batch(0, 20), task.validation(40)->batch(0, 20)));
    if (task.test(40)) CHECK(same_bits(task.test(40)->batch(0, 20), task.test(40)->batch(0, 20)));
    if (!is_generated(row)) return;
    CHECK(same_bits(task.validation(40)->batch(1, 20), task.validation(40)->batch(1, 20)));
    CHECK(!same_bits(task.validation(40)->batch(1, 20), task.validation(40)->batch(0, 20)));
    CHECK(!same_bits(training_batch(task, 20, 3, 1), training_batch(task, 20, 4, 1)));
    CHECK(!same_bits(training_batch(task, 20, 3, 1), training_batch(task, 20, 3, 2)));
  });
}

TEST_CASE("[tasks] training, validation, test and every test length have sequences of their own") {
  for_every_variant([](const Task& task, const TaskRow& row) {
    if (!is_generated(row)) return;
    const std::vector<Batch> all = {training_batch(task, 50, 0, 0), training_batch(task, 50, 0, 40),
                                    task.validation(50)->batch(0, 50), task.test(50)->batch(0, 50),
                                    task.test_at(40, 50)->batch(0, 50)};
    const bool there_are_few = sequences_of(all[0]).size() < 50;  // the 32 of copy's 5 bits
    for (std::size_t i = 0; i < all.size(); ++i)
      for (std::size_t k = 0; k < i; ++k) {
        CHECK_FALSE(same_bits(all[i], all[k]));
        if (!there_are_few) CHECK_FALSE(share_a_sequence(all[i], all[k]));
      }
    CHECK(share_a_sequence(all[0], training_batch(task, 3, 0, 0)));  // the check can fail
  });
}

TEST_CASE("[tasks] a fixed set has as many sequences as were asked for, whatever the batch") {
  for_every_variant([](const Task& task, const TaskRow& row) {
    if (!is_generated(row)) return;
    CHECK_FALSE(task.training(1)->size());
    const auto validation = task.validation(23), test = task.test(23);
    for (const auto& source : {validation.get(), test.get()}) {
      REQUIRE(source->size() == 23);
      CHECK(source->batch(0, 10).rows() == 10);
      CHECK(source->batch(2, 10).rows() == 3);
    }
  });
}

TEST_CASE("[tasks] the first sequences of a batch do not depend on how many follow") {
  for_every_variant([](const Task& task, const TaskRow& row) {
    if (!is_generated(row)) return;  // a text is divided into as many parts
    const Batch few = training_batch(task, 4), many = training_batch(task, 9);
    for (std::int64_t b = 0; b < 4; ++b) CHECK(read_by(few, b) == read_by(many, b));
  });
}

TEST_CASE("[tasks] no answer is wrong for the outputs that are its targets, all are for NaN") {
  for_every_variant([](const Task& task, const TaskRow& row) {
    // Not of training, whose targets may be noisy.
    const Batch batch = task.validation(30)->batch(0, 30);
    Tensor<float> outputs = right_outputs(task.spec(), batch);
    const MetricValues right = judged(task.spec(), batch, outputs);
    const bool is_judged = right.contains("error_rate");  // of numbers without a tolerance none is
    if (is_judged) CHECK(right.at("error_rate") == 0);
    MetricValues none = right;
    none["loss"] = 0;
    CHECK(task.success().holds(none));
    outputs.fill(std::numeric_limits<float>::quiet_NaN());
    const MetricValues wrong = judged(task.spec(), batch, outputs);
    if (is_judged) CHECK(wrong.at("error_rate") == 1);
    CHECK(std::isnan(wrong.at("loss")));
    CHECK(!task.success().holds(wrong));
    if (right.contains("sequence_error_rate")) {
      CHECK(right.at("sequence_error_rate") == 0);
      CHECK(wrong.at("sequence_error_rate") == 1);
    }
    CHECK(row.carried == task.training(1)->carried());
  });
}

TEST_CASE("[tasks] the trivial predictor solves no task, and every rule speaks of metrics that there are") {
  for_every_variant([](const Task& task, const TaskRow&) {
    CHECK(task.trivial_loss() > 0);
    CHECK(std::isfinite(task.trivial_loss()));
    const SuccessRule rule = task.success();
    CHECK(!rule.text.empty());
    REQUIRE(!rule.conditions.empty());
    for (const Condition& condition : rule.conditions) {
      const auto known = metrics_of(task.spec().objective, task.spec().criterion);
      CHECK(
          std::ranges::any_of(known, [&](const Metric* metric) { return metric->name == condition.metric; }));
    }
    CHECK(!rule.holds({{"loss", task.trivial_loss()},
                       {"error_rate", 0.5},
                       {"accuracy", 0.5},
                       {"sequence_error_rate", 1},
                       {"sequence_accuracy", 0}}));
    CHECK(!rule.holds({}));
  });
}

TEST_CASE("[tasks] unknown tasks and variants are refused with the known ones, no variant is the first") {
  const std::string unknown = refusal({.name = "subtracting"});
  CHECK(unknown.find("task.name: unknown task \"subtracting\" (known: adding, multiplication, ") == 0);
  for (const TaskRow& row : standard_tasks()) CHECK(unknown.find(row.name) != std::string::npos);
  CHECK(refusal(any_task("adding", "mean", 10)) ==
        "task.variant: unknown variant \"mean\" of adding (known: sum, anywhere, hs97, pascanu)");
  CHECK(standard_task(any_task("adding", "", 10))->trivial_loss() ==
        standard_task(any_task("adding", "sum", 10))->trivial_loss());
}

TEST_CASE("[tasks] what a config leaves open is the row's, and a row's name stands once") {
  std::set<std::string> names;
  for (const TaskRow& row : standard_tasks()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(!row.summary.empty());
    CHECK(!row.source.empty());
    TaskConfig config{.name = row.name};
    resolve_task(standard_tasks(), config);
    CHECK(config.variant == variants_of(row).front());
    CHECK(config.length == row.length.value_or(LengthRange{}));
  }
}
