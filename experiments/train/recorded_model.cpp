#include "experiments/train/recorded_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/initialiser.hpp"

namespace unroll {
namespace {

using sizes::B;
using sizes::T;

Var record_target(Tape& tape, const Task& task) {
  const bool every_step = task.readout() == Readout::every_step;
  Dims dims = every_step ? Dims{T, B} : Dims{B};
  if (task.loss() == Loss::cross_entropy) return tape.index_input("classes", dims);
  dims.push_back(task.output_size());
  return tape.input("targets", dims);
}

Var record_loss(Loss kind, Var outputs, Var target) {
  return kind == Loss::mse ? mse(outputs, target) : cross_entropy(outputs, target);
}

/// The same mean with a weight for each step: weights 1 give the same bits.
Var record_loss(Loss kind, Var outputs, Var target, Var step_weights) {
  const Var each = kind == Loss::mse ? square(outputs - target) : negative_log_likelihood(outputs, target);
  Dims dims(each.rank(), 1);
  dims[0] = T;
  return mean(each * reshape(step_weights, dims));
}

}  // namespace

void Piece::set_noise(std::int64_t n, std::int64_t first) {
  number[0] = n;
  const Shape steps = {batch.steps()};
  if (time_steps.shape() != steps) time_steps = Tensor<std::int64_t>(steps);
  std::iota(time_steps.span().begin(), time_steps.span().end(), first);
}

Var record_inputs(Tape& tape, const ModelSizes& sizes) {
  return sizes.tokens ? tape.index_input("tokens", {T, B}) : tape.input("inputs", {T, B, sizes.inputs});
}

std::optional<Noise> record_noise(Tape& tape, const Config& config, Use use) {
  if (use == Use::evaluation || !draws_noise(config.model)) return std::nullopt;
  return Noise{config.seed, tape.index_input("batch number", {}), tape.index_input("first row", {}),
               tape.index_input("time steps", {T})};
}

RecordedModel::RecordedModel(const Config& config, const Task& task, Extent wanted, Use use)
    : tokens(task.vocabulary() != nullptr), loss_kind(task.loss()), extent(wanted) {
  const SequenceModel model = make_model(config, sizes_of(task));
  specs = model.parameters();
  inputs = record_inputs(*tape, sizes_of(task));
  target = record_target(*tape, task);
  const Parameters p(*tape, specs);
  parameters = p.all();
  states = model.states();
  RunOptions run;
  if (extent == Extent::window) {
    run.initial = record_initial(model, p);
    step_weights = tape->input("step weights", {T});
  }
  run.noise = noise = record_noise(*tape, config, use);
  const SequenceModel::Recorded recorded = model.record(inputs, p, run);
  outputs = recorded.outputs;
  loss = step_weights.valid() ? record_loss(loss_kind, outputs, target, step_weights)
                              : record_loss(loss_kind, outputs, target);
  if (extent == Extent::window && use == Use::evaluation && loss_kind == Loss::cross_entropy)
    wrong = mean(less(pick(outputs, target), max(outputs, -1)));
  std::vector<Var> wanted_gradients;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!specs[i].trained) continue;
    trained.push_back(i);
    wanted_gradients.push_back(parameters[i]);
  }
  parameter_gradients = gradients(loss, wanted_gradients);
  trajectories = recorded.state_trajectory;
  trajectory_gradient = gradients(loss, {trajectories[0]})[0];
}

/// The states that enter a window: those that are given, or learned ones where a sequence begins.
std::vector<Var> RecordedModel::record_initial(const SequenceModel& model, const Parameters& p) {
  std::vector<Var> entering;
  for (std::size_t k = 0; k < states.size(); ++k) {
    initial.push_back(tape->input(states[k].name + "_0", states[k].dims(B)));
    entering.push_back(initial.back());
    if (!states[k].learned) continue;
    if (!carried.valid()) carried = tape->input("carried", {});
    entering.back() = where(carried, initial.back(), model.start(k, p, *tape));
  }
  return entering;
}

std::size_t axis_of(Var value, const Dim& size) {
  const Dims& dims = value.dims();
  const auto found = std::find(dims.begin(), dims.end(), size);
  if (found == dims.end())
    throw std::invalid_argument("[axis_of] " + to_string(dims) + " has no axis " + to_string(Dims{size}));
  return static_cast<std::size_t>(found - dims.begin());
}

void RecordedModel::copy_part(const Batch& from, const Dim& size, Range part, Batch& to) const {
  if (tokens)
    copy_range(from.tokens, axis_of(inputs, size), part, to.tokens);
  else
    copy_range(from.inputs, axis_of(inputs, size), part, to.inputs);
  if (loss_kind == Loss::mse)
    copy_range(from.targets, axis_of(target, size), part, to.targets);
  else
    copy_range(from.classes, axis_of(target, size), part, to.classes);
}

std::vector<Var> RecordedModel::training_outputs() const {
  std::vector<Var> all = parameter_gradients;
  all.push_back(loss);
  if (extent == Extent::window) all.insert(all.end(), trajectories.begin(), trajectories.end());
  return all;
}

std::vector<Var> RecordedModel::validation_outputs() const {
  if (extent == Extent::whole) return {loss, outputs};
  std::vector<Var> all = {loss, wrong};
  all.insert(all.end(), trajectories.begin(), trajectories.end());
  return all;
}

namespace {

/// What is usual for the role, as the config says.
InitialiserOptions usual_start(const ModelConfig& model, Role role) {
  if (role == Role::bias) return {.name = "zeros"};
  const bool recurrent = role == Role::recurrent_matrix;
  return {.name = recurrent ? model.init : model.input_init,
          .scale = recurrent ? model.init_scale : model.input_scale,
          .spectral_radius = model.spectral_radius,
          .nonzeros = model.nonzeros};
}

bool is_derived(const ParameterSpec& spec) { return spec.init && find_derived_initialiser(spec.init->name); }

/// The start that follows from that of the parameter that `spec` names.
Tensor<float> derived(const ParameterSpec& spec, const std::vector<ParameterSpec>& specs,
                      const std::vector<Tensor<float>>& values) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].name == spec.init->of && specs[i].shape == spec.shape && !is_derived(specs[i]))
      return derive(*spec.init, values[i]);
  throw std::invalid_argument(
      fmt::format("parameter {} of shape {} starts as {} of {}, but there is no parameter of that name and "
                  "shape with a start of its own",
                  spec.name, to_string(spec.shape), spec.init->name, spec.init->of));
}

}  // namespace

std::vector<Tensor<float>> initial_parameters(const Config& config, const std::vector<ParameterSpec>& specs) {
  std::vector<Tensor<float>> values;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const InitialiserOptions start = specs[i].init.value_or(usual_start(config.model, specs[i].role));
    Stream stream(config.seed, Purpose::parameters, {static_cast<std::uint32_t>(i)});
    values.push_back(is_derived(specs[i]) ? Tensor<float>(specs[i].shape)
                                          : initialise(start, specs[i].shape, stream));
  }
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (is_derived(specs[i])) values[i] = derived(specs[i], specs, values);
  for (std::size_t i = 0; i < specs.size(); ++i) project(specs[i].bounds, values[i].span());
  return values;
}

void project(const Bounds& bounds, std::span<float> values) {
  if (bounds.lower == Bounds{}.lower && bounds.upper == Bounds{}.upper) return;
  const auto lower = static_cast<float>(bounds.lower), upper = static_cast<float>(bounds.upper);
  for (float& x : values) x = std::clamp(x, lower, upper);
}

}  // namespace unroll
