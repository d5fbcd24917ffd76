#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/task_model.hpp"
#include "tests/experiments/objectives/judged_answers.hpp"

using namespace unroll;
using namespace unroll::objective_test;

namespace {

constexpr std::int64_t inputs = 2;

struct Gradients {
  double loss;
  double weight;  ///< of all that counts
  std::vector<Tensor<double>> of_parameters;
};

Config small(const std::string& cell) {
  Config config = Laboratory().default_config();
  config.model.cell = {cell};
  config.model.hidden = 4;
  return config;
}

/// By the engine, in double.
Gradients gradients_of(const TaskSpec& spec, const Config& config, const Batch& batch, const Recording& how) {
  TaskModel model(cell_table(), config, spec, how);
  model.record_gradients();
  std::vector<Tensor<double>> parameters;
  for (const Tensor<float>& one : initial_parameters(config, model.model))
    parameters.push_back(convert<double>(one));
  const Piece piece{.batch = batch};
  const double total = total_weight(piece, spec.every_step());
  Plan<double> plan(*model.tape, model.training_outputs());
  Feed<double> feed;
  model.fill(feed, piece, {0, batch.rows()}, total);
  model.bind(plan, feed, piece, parameters);
  plan.run();
  Gradients all{plan.value(model.loss)[0], total, {}};
  for (const Var gradient : model.parameter_gradients) all.of_parameters.push_back(plan.tensor(gradient));
  return all;
}

/// Sequence b of a batch by itself, without padding.
Batch alone(const Batch& batch, std::int64_t b, bool every_step) {
  Batch row, cut;
  copy_rows(batch, {b, 1}, every_step, row);
  const Range steps{0, row.lengths[0]};
  if (every_step) {
    copy_steps(row, steps, cut);
    return cut;
  }
  // The target is one for all steps: the same before and after.
  Sequence one{Tensor<float>(), Tensor<std::int64_t>()};
  one.inputs = numbers(row.inputs);
  cut = row;
  Tensor<float> read({row.lengths[0], 1, inputs});
  std::copy_n(numbers(row.inputs).data(), read.numel(), read.data());
  cut.inputs = std::move(read);
  if (!row.weights) return cut;
  Tensor<float> weights({row.lengths[0], 1});
  std::copy_n(row.weights->data(), weights.numel(), weights.data());
  cut.weights = std::move(weights);
  return cut;
}

/// What the sequences one by one have, each as much as its steps count.
Gradients one_by_one(const TaskSpec& spec, const Config& config, const Batch& batch) {
  Gradients sum{0, 0, {}};
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    const Gradients one = gradients_of(spec, config, alone(batch, b, spec.every_step()),
                                       {.weighted = batch.weights.has_value()});
    sum.loss += one.weight * one.loss;
    sum.weight += one.weight;
    if (sum.of_parameters.empty())
      for (const Tensor<double>& g : one.of_parameters) sum.of_parameters.emplace_back(g.shape());
    for (std::size_t k = 0; k < one.of_parameters.size(); ++k)
      for (std::int64_t i = 0; i < one.of_parameters[k].numel(); ++i)
        sum.of_parameters[k][i] += one.weight * one.of_parameters[k][i];
  }
  sum.loss /= sum.weight;
  for (Tensor<double>& g : sum.of_parameters)
    for (double& x : g.span()) x /= sum.weight;
  return sum;
}

/// The largest difference between two, in parts of the largest element.
double difference(const Gradients& a, const Gradients& b) {
  double most = std::abs(a.loss - b.loss), scale = std::abs(b.loss);
  REQUIRE(a.of_parameters.size() == b.of_parameters.size());
  for (std::size_t k = 0; k < a.of_parameters.size(); ++k)
    for (std::int64_t i = 0; i < a.of_parameters[k].numel(); ++i) {
      most = std::max(most, std::abs(a.of_parameters[k][i] - b.of_parameters[k][i]));
      scale = std::max(scale, std::abs(b.of_parameters[k][i]));
    }
  return most / scale;
}

struct Problem {
  TaskSpec spec;
  Batch batch;
};

Problem problem(const Objective& objective, bool every_step, bool weights) {
  const bool labels = objective.target == TargetKind::labels;  // of whole sequences, whose steps are read out
  if (labels) every_step = false;
  const Setup setup{objective.target, {1, 9, 3, 2, 5, 9}, 3, every_step, weights};
  Batch batch = random_answers(setup, 11, objective.probabilities).batch;
  batch.inputs = random_tensor<float>({batch.steps(), batch.rows(), inputs}, 12);  // also behind the ends
  return {{.input_size = inputs,
           .output_size = 3 * objective.outputs_per_number,
           .readout = every_step || labels ? Readout::every_step : Readout::last,
           .objective = objective,
           .most_labels = 2},
          std::move(batch)};
}

}  // namespace

TEST_CASE(
    "[objectives] loss and gradients of padded and of packed sequences are those of the sequences one by "
    "one") {
  for (const Objective& objective : standard_objectives())
    for (const std::string cell : {"vanilla", "lstm"})
      for (const bool every_step : {true, false})
        for (const bool weights : {false, true}) {
          CAPTURE(objective.name);
          CAPTURE(cell);
          CAPTURE(every_step);
          CAPTURE(weights);
          const Config config = small(cell);
          const auto [spec, batch] = problem(objective, every_step, weights);
          const Gradients expected = one_by_one(spec, config, batch);
          if (every_step)  // without, padding to the end needs the packing to know each last step
            CHECK(difference(gradients_of(spec, config, batch, {.weighted = true}), expected) < 1e-13);
          const Recording packed{.weighted = true, .packed_sequences = batch.rows()};
          CHECK(difference(gradients_of(spec, config, batch, packed), expected) < 1e-13);
        }
}

TEST_CASE("[objectives] a step without weight has no gradient, whatever its target is") {
  auto [spec, batch] = problem(cross_entropy_objective(), true, true);
  const Config config = small("vanilla");
  const Gradients before = gradients_of(spec, config, batch, {.weighted = true});
  Batch other = batch;
  std::int64_t changed = 0;
  for (std::int64_t t = 0; t < batch.steps(); ++t)
    for (std::int64_t b = 0; b < batch.rows(); ++b)
      if (batch.weight(t, b) == 0) {
        std::int64_t& c = std::get<Tensor<std::int64_t>>(other.target)[t * batch.rows() + b];
        c = (c + 1) % 3;
        ++changed;
      }
  CHECK(changed > 0);
  CHECK(difference(gradients_of(spec, config, other, {.weighted = true}), before) == 0);
  // The check can fail: a step that counts.
  std::int64_t& last = std::get<Tensor<std::int64_t>>(other.target)[8 * batch.rows() + 1];
  last = (last + 1) % 3;
  CHECK(difference(gradients_of(spec, config, other, {.weighted = true}), before) > 1e-3);
}
