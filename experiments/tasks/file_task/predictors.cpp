#include "experiments/tasks/file_task/predictors.hpp"

#include <cmath>
#include <vector>

#include "framework/plan/plan.hpp"

namespace unroll {
namespace {

double weight_of(const Answers& answers, std::int64_t i) {
  return answers.weights ? static_cast<double>((*answers.weights)[i]) : 1.0;
}

Tensor<float> as_floats(const std::vector<double>& values) {
  Tensor<float> all({static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    all[static_cast<std::int64_t>(i)] = static_cast<float>(values[i]);
  return all;
}

Tensor<float> log_frequencies(const Tensor<std::int64_t>& classes, const Answers& answers,
                              std::int64_t outputs) {
  std::vector<double> counts(static_cast<std::size_t>(outputs), 1.0);
  double total = static_cast<double>(outputs);
  for (std::int64_t i = 0; i < classes.numel(); ++i) {
    counts[static_cast<std::size_t>(classes[i])] += weight_of(answers, i);
    total += weight_of(answers, i);
  }
  for (double& count : counts) count = std::log(count / total);
  return as_floats(counts);
}

struct Sums {
  std::vector<double> values;  ///< by output
  double weight = 0;
};

Sums sums_of(const Tensor<float>& numbers, const Answers& answers, std::int64_t outputs) {
  Sums sums{std::vector<double>(static_cast<std::size_t>(outputs))};
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    const double weight = weight_of(answers, i / outputs);
    if (weight == 0) continue;  // what stands there may be anything
    sums.values[static_cast<std::size_t>(i % outputs)] += weight * static_cast<double>(numbers[i]);
    if (i % outputs == 0) sums.weight += weight;
  }
  return sums;
}

Tensor<float> repeated(const Tensor<float>& outputs, std::int64_t times) {
  Tensor<float> all({times, outputs.numel()});
  for (std::int64_t i = 0; i < all.numel(); ++i) all[i] = outputs[i % outputs.numel()];
  return all;
}

/// The answers as the steps of one sequence.
Batch as_batch(const Answers& answers) {
  const std::int64_t count = shape_of(answers.target)[0];
  Batch batch{.inputs = Tensor<float>({count, 1, 1}), .target = answers.target, .lengths = {count}};
  if (answers.weights) batch.weights = Tensor<float>({count, 1}, answers.weights->span());
  return batch;
}

}  // namespace

Tensor<float> best_constant(const Objective& objective, const Answers& training, std::int64_t outputs) {
  if (const auto* classes = std::get_if<Tensor<std::int64_t>>(&training.target))
    return log_frequencies(*classes, training, outputs);
  Sums sums = sums_of(std::get<Tensor<float>>(training.target), training, outputs);
  for (double& value : sums.values) {
    const double p = (value + 1) / (sums.weight + 2);
    value = objective.probabilities ? std::log(p / (1 - p)) : value / sums.weight;
  }
  return as_floats(sums.values);
}

double loss_of(const Objective& objective, const Tensor<float>& outputs, const Answers& answers) {
  const std::int64_t count = shape_of(answers.target)[0];
  const Tensor<float> all = outputs.shape().rank() == 1 ? repeated(outputs, count) : outputs;
  Tape tape;
  const Var predicted = tape.input("outputs", {sizes::T, all.shape()[1]});
  const bool classes = objective.target == TargetKind::classes;
  const Var target =
      classes ? tape.index_input("classes", {sizes::T}) : tape.input("target", {sizes::T, all.shape()[1]});
  const std::vector<Var> elements = objective.elements(predicted, target);
  Plan<float> plan(tape, elements);
  plan.bind(predicted, all);
  std::visit([&](const auto& tensor) { plan.bind(target, tensor); }, answers.target);
  plan.run();
  std::vector<std::span<const float>> values;
  for (const Var& element : elements) values.push_back(plan.value(element));
  Tally tally;
  add_to(tally, objective, {}, as_batch(answers), 1, {.rows = 1}, values);
  return objective.metrics.front().value(tally);
}

}  // namespace unroll
