#include "models/carried_run.hpp"

#include <algorithm>
#include <utility>

namespace unroll {
namespace {

RecordOptions with_given_states(RecordOptions options) {
  options.given_states = true;
  return options;
}

}  // namespace

CarriedRun::CarriedRun(SequenceModel model, std::int64_t input_size, bool tokens,
                       const std::vector<Tensor<float>>& parameters, const Options& options)
    : model_(std::move(model), input_size, tokens, with_given_states(options.record)),
      parameters_(parameters),
      plan_(*model_.tape, wanted(options), with_frozen_parameters(options.plan)) {
  for (std::size_t i = 0; i < parameters.size(); ++i) plan_.bind(model_.parameters[i], parameters[i]);
  start(1);
}

PlanOptions CarriedRun::with_frozen_parameters(PlanOptions options) const {
  options.frozen = model_.parameters;
  return options;
}

/// Where `more` computes from the outputs, they themselves need not be kept.
std::vector<Var> CarriedRun::wanted(const Options& options) {
  std::vector<Var> all = model_.recorded.final_state;
  if (options.more) more_ = options.more(model_);
  all.insert(all.end(), more_.begin(), more_.end());
  if (!more_.empty()) return all;
  all.push_back(model_.recorded.outputs);
  all.insert(all.end(), model_.recorded.state_trajectory.begin(), model_.recorded.state_trajectory.end());
  all.insert(all.end(), model_.recorded.values.begin(), model_.recorded.values.end());
  return all;
}

void CarriedRun::start(std::int64_t rows) {
  given_.initial = model_.starts(rows, parameters_);
  given_.carried[0] = 0;
  step_ = 0;
  model_.bind(plan_, given_);
}

void CarriedRun::start(std::vector<Tensor<float>> states) {
  given_.initial = std::move(states);
  given_.carried[0] = 1;
  step_ = 0;
  model_.bind(plan_, given_);
}

void CarriedRun::run(const Tensor<float>& vectors) {
  plan_.bind(model_.inputs, vectors);
  run(vectors.shape()[0]);
}

void CarriedRun::run(const Tensor<std::int64_t>& tokens) {
  plan_.bind(model_.inputs, tokens);
  run(tokens.shape()[0]);
}

void CarriedRun::run(std::int64_t steps) {
  if (model_.noise) {
    given_.set_noise(given_.number[0], 0, step_, steps);
    plan_.bind(model_.noise->time_steps, given_.time_steps);
  }
  step_ += steps;
  plan_.run();
  for (std::size_t k = 0; k < given_.initial.size(); ++k)
    std::ranges::copy(plan_.value(model_.recorded.final_state[k]), given_.initial[k].data());
  given_.carried[0] = 1;
}

}  // namespace unroll
