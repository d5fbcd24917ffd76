#include "experiments/train/non_finite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/train/make_model.hpp"
#include "experiments/train/slices.hpp"

namespace unroll {
namespace {

/// Whole blocks of the planner's, so that the states have the bits they have in one long run.
constexpr std::int64_t steps_at_a_time = 1024;

/// A model's forward pass over some steps, from given states on.
class ForwardPass {
 public:
  ForwardPass(const Config& config, const Task& task, Use use, const std::vector<Tensor<float>>& parameters)
      : model_(make_model(config, sizes_of(task))),
        specs_(model_.parameters()),
        parameters_(parameters),
        inputs_(record_inputs(tape_, sizes_of(task))),
        noise_(record_noise(tape_, config, use)) {
    const Parameters p(tape_, specs_);
    for (const StateSpec& state : model_.states())
      initial_.push_back(tape_.input(state.name + "_0", state.dims(sizes::B)));
    recorded_ = model_.record(inputs_, p, {.initial = initial_, .noise = noise_});
    std::vector<Var> watched = recorded_.state_trajectory;
    watched.push_back(recorded_.outputs);
    plan_ = std::make_unique<Plan<float>>(tape_, watched);
    for (std::size_t i = 0; i < parameters.size(); ++i) plan_->bind(p.all()[i], parameters[i]);
  }

  std::vector<StateSpec> states() const { return model_.states(); }

  /// Before the first step of `rows` sequences.
  std::vector<Tensor<float>> starts(std::int64_t rows) const {
    std::vector<Tensor<float>> all;
    for (const StateSpec& state : model_.states()) {
      Tensor<float>& start = all.emplace_back(state.batch_shape(rows), static_cast<float>(state.start));
      for (std::size_t i = 0; i < specs_.size() && state.learned; ++i)
        if (specs_[i].name == state.name + "_0")
          for (std::int64_t k = 0; k < start.numel(); ++k)
            start[k] = parameters_[i][k % parameters_[i].numel()];
    }
    return all;
  }

  void run(const Piece& part) {
    if (inputs_.rank() == 2)
      plan_->bind(inputs_, part.batch.tokens);
    else
      plan_->bind(inputs_, part.batch.inputs);
    for (std::size_t i = 0; i < initial_.size(); ++i) plan_->bind(initial_[i], part.initial[i]);
    if (noise_) {
      plan_->bind(noise_->update, part.number);
      plan_->bind(noise_->first_row, part.first_row);
      plan_->bind(noise_->time_steps, part.time_steps);
    }
    plan_->run();
  }
  std::span<const float> trajectory(std::size_t state) const {
    return plan_->value(recorded_.state_trajectory[state]);
  }
  std::span<const float> outputs() const { return plan_->value(recorded_.outputs); }

 private:
  Tape tape_;
  SequenceModel model_;
  std::vector<ParameterSpec> specs_;
  const std::vector<Tensor<float>>& parameters_;
  Var inputs_;
  std::optional<Noise> noise_;
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

std::string first_non_finite(const Config& config, const Task& task, const Piece& piece, Use use,
                             const std::vector<Tensor<float>>& parameters, std::int64_t before,
                             std::int64_t steps) {
  const std::int64_t length = piece.batch.steps(), rows = piece.batch.rows();
  const std::int64_t at_a_time = config.model.bidirectional ? length : steps_at_a_time;
  ForwardPass pass(config, task, use, parameters);
  Piece part;
  part.initial = before > 0 ? piece.initial : pass.starts(rows);
  bool bad_readout = false;
  for (std::int64_t first = 0; first < length; first += at_a_time) {
    const Range range{first, std::min(at_a_time, length - first)};
    if (task.vocabulary())
      copy_range(piece.batch.tokens, 0, range, part.batch.tokens);
    else
      copy_range(piece.batch.inputs, 0, range, part.batch.inputs);
    part.set_noise(piece.number[0], before + first);
    pass.run(part);
    const Found found = first_bad_states(pass, range.count, rows);
    if (!found.names.empty())
      return fmt::format("{} at time step {} of {}", fmt::join(found.names, " and "),
                         before + first + found.step + 1, steps);
    const bool is_read = task.readout() == Readout::every_step || first + range.count == length;
    bad_readout = bad_readout || (is_read && first_bad(pass.outputs()) >= 0);
    for (std::size_t i = 0; i < part.initial.size(); ++i)
      std::ranges::copy(pass.trajectory(i).last(static_cast<std::size_t>(part.initial[i].numel())),
                        part.initial[i].data());
  }
  return bad_readout ? "the readout y" : "the loss";
}

}  // namespace unroll
