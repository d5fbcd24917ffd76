#include "experiments/train/non_finite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/train/cell_options.hpp"
#include "experiments/train/slices.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"

namespace unroll {
namespace {

/// Whole blocks of the planner's, so that the states have the bits they have in one long run.
constexpr std::int64_t steps_at_a_time = 1024;

/// A model's forward pass over some steps, from given states on.
class ForwardPass {
 public:
  ForwardPass(const Config& config, const Task& task, const std::vector<Tensor<float>>& parameters)
      : model_(make_cell(config.model.cell, cell_options(config, task)), task.output_size(), task.readout()),
        inputs_(tape_.input("inputs", {sizes::T, sizes::B, task.input_size()})) {
    const Parameters p(tape_, model_.parameters());
    for (const StateSpec& state : model_.states())
      initial_.push_back(tape_.input(state.name + "_0", state.dims(sizes::B)));
    recorded_ = model_.record(inputs_, p, initial_);
    std::vector<Var> watched = recorded_.state_trajectory;
    watched.push_back(recorded_.outputs);
    plan_ = std::make_unique<Plan<float>>(tape_, watched);
    for (std::size_t i = 0; i < parameters.size(); ++i) plan_->bind(p.all()[i], parameters[i]);
  }

  std::vector<StateSpec> states() const { return model_.states(); }

  void run(const Tensor<float>& inputs, const std::vector<Tensor<float>>& initial) {
    plan_->bind(inputs_, inputs);
    for (std::size_t i = 0; i < initial_.size(); ++i) plan_->bind(initial_[i], initial[i]);
    plan_->run();
  }
  std::span<const float> trajectory(std::size_t state) const {
    return plan_->value(recorded_.state_trajectory[state]);
  }
  std::span<const float> outputs() const { return plan_->value(recorded_.outputs); }

 private:
  Tape tape_;
  SequenceModel model_;
  Var inputs_;
  std::vector<Var> initial_;
  SequenceModel::Recorded recorded_;
  std::unique_ptr<Plan<float>> plan_;
};

/// The states that are not finite at the first step of the last run where any is not.
struct Found {
  std::int64_t step = 0;
  std::vector<std::string> names = {};
};

Found first_bad_states(const ForwardPass& pass, std::int64_t steps, std::int64_t rows) {
  Found found{steps};
  const std::vector<StateSpec> states = pass.states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::int64_t at = first_bad(pass.trajectory(i));
    if (at < 0) continue;
    const std::int64_t step = at / (rows * states[i].shape.numel());
    if (step > found.step) continue;
    if (step < found.step) found.names.clear();
    found.step = step;
    found.names.push_back(states[i].name);
  }
  return found;
}

}  // namespace

std::int64_t first_bad(std::span<const float> values) {
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  return bad == values.end() ? -1 : bad - values.begin();
}

std::string first_non_finite(const Config& config, const Task& task, const Batch& batch,
                             const std::vector<Tensor<float>>& initial,
                             const std::vector<Tensor<float>>& parameters, std::int64_t before,
                             std::int64_t steps) {
  const std::int64_t length = batch.inputs.shape()[0], rows = batch.inputs.shape()[1];
  ForwardPass pass(config, task, parameters);
  std::vector<Tensor<float>> states = initial;
  if (states.empty())
    for (const StateSpec& state : pass.states()) states.emplace_back(state.batch_shape(rows));
  bool bad_readout = false;
  Tensor<float> inputs;
  for (std::int64_t first = 0; first < length; first += steps_at_a_time) {
    const Range part{first, std::min(steps_at_a_time, length - first)};
    copy_range(batch.inputs, 0, part, inputs);
    pass.run(inputs, states);
    const Found found = first_bad_states(pass, part.count, rows);
    if (!found.names.empty())
      return fmt::format("{} at time step {} of {}", fmt::join(found.names, " and "),
                         before + first + found.step + 1, steps);
    const bool is_read = task.readout() == Readout::every_step || part.first + part.count == length;
    bad_readout = bad_readout || (is_read && first_bad(pass.outputs()) >= 0);
    for (std::size_t i = 0; i < states.size(); ++i)
      std::ranges::copy(pass.trajectory(i).last(static_cast<std::size_t>(states[i].shape().numel())),
                        states[i].data());
  }
  return bad_readout ? "the readout y" : "the loss";
}

}  // namespace unroll
