#include "experiments/saved/carried_net.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

ModelSizes sizes_for(const SavedModel& saved, CarriedNet::Wanted wanted) {
  if (!saved.vocabulary)
    throw ModelError("this model was trained on the task " + saved.config.task.name +
                     ", whose inputs are vectors: it reads no text");
  if (saved.config.model.bidirectional)
    throw ModelError(
        "this model is bidirectional (model.bidirectional): each of its predictions has seen the text behind "
        "it, so it cannot go on with one");
  const bool last = wanted == CarriedNet::Wanted::scores;
  return {saved.sizes.inputs, saved.sizes.outputs, last ? Readout::last : Readout::every_step, true};
}

void fill(std::span<const std::int32_t> from, Tensor<std::int64_t>& to) {
  const Shape shape = {static_cast<std::int64_t>(from.size()), 1};
  if (to.shape() != shape) to = Tensor<std::int64_t>(shape);
  std::ranges::copy(from, to.data());
}

}  // namespace

CarriedNet::CarriedNet(const SavedModel& saved, Wanted wanted)
    : saved_(saved),
      model_(make_model(saved.config, sizes_for(saved, wanted))),
      specs_(model_.parameters()),
      tokens_(tape_.index_input("tokens", {sizes::T, 1})) {
  const Parameters p(tape_, specs_);
  parameters_ = p.all();
  for (const StateSpec& state : model_.states())
    initial_.push_back(tape_.input(state.name + "_0", state.dims(1)));
  const SequenceModel::Recorded recorded =
      model_.record(tokens_, p, RunOptions{.initial = initial_, .few_tokens = wanted == Wanted::scores});
  result_ = recorded.outputs;
  if (wanted == Wanted::losses) {
    next_ = tape_.index_input("next", {sizes::T, 1});
    result_ = negative_log_likelihood(recorded.outputs, next_);
  }
  final_ = recorded.final_state;
  std::vector<Var> outputs = final_;
  outputs.push_back(result_);
  // Where a run is one step, to transpose a readout of 10,000 words takes longer than all the rest.
  PlanOptions options;
  if (wanted == Wanted::scores) options.without = {passes::transposed_weights};
  plan_ = std::make_unique<Plan<float>>(tape_, outputs, options);
  for (std::size_t i = 0; i < specs_.size(); ++i) plan_->bind(parameters_[i], saved.parameters[i]);
  start();
}

/// The states before a text.
void CarriedNet::start() {
  for (const StateSpec& state : model_.states()) {
    states_.emplace_back(state.batch_shape(1), static_cast<float>(state.start));
    for (std::size_t i = 0; i < specs_.size() && state.learned; ++i)
      if (specs_[i].name == state.name + "_0")
        std::ranges::copy(saved_.parameters[i].span(), states_.back().data());
  }
}

std::span<const float> CarriedNet::run(std::span<const std::int32_t> tokens,
                                       std::span<const std::int32_t> next) {
  fill(tokens, token_values_);
  plan_->bind(tokens_, token_values_);
  if (next_.valid()) {
    fill(next, next_values_);
    plan_->bind(next_, next_values_);
  }
  for (std::size_t i = 0; i < states_.size(); ++i) plan_->bind(initial_[i], states_[i]);
  plan_->run();
  for (std::size_t i = 0; i < states_.size(); ++i)
    std::ranges::copy(plan_->value(final_[i]), states_[i].data());
  return plan_->value(result_);
}

}  // namespace unroll
