#include "experiments/bench/engine_step.hpp"

#include <cmath>
#include <stdexcept>

#include "experiments/bench/rivals/cells_as_ops.hpp"
#include "experiments/bench/rivals/minimal_gated_unit.hpp"
#include "experiments/sweep/machine.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/random/stream.hpp"
#include "models/cell_table.hpp"

namespace unroll {

namespace {

Tensor<float> normal(const Shape& shape, std::uint32_t index) {
  Stream stream(bench_seed, Purpose::training_data, {index});
  Tensor<float> tensor(shape);
  for (float& x : tensor.span()) x = static_cast<float>(stream.normal());
  return tensor;
}

}  // namespace

std::unique_ptr<Cell> bench_cell(std::string_view name, const CellOptions& options) {
  if (name == "mgu") return std::make_unique<MinimalGatedUnit>(options);
  if (auto cell = cell_as_ops(name, options)) return cell;
  return make_cell(name, options);
}

RecordedStep::RecordedStep(std::string_view cell, Dim steps, Dim rows, std::int64_t inputs,
                           std::int64_t hidden, bool differentiate_inputs)
    : model(bench_cell(cell, {.input_size = inputs, .hidden_size = hidden, .output_size = 1}), 1,
            Readout::last),
      width(inputs + model.context_size() + model.feedback_size()),
      x(tape->input("x", {steps, rows, width})),
      target(tape->input("target", {rows, 1})) {
  const std::vector<ParameterSpec> specs = model.parameters();
  const Parameters p(*tape, specs);
  loss = mse(model.record(x, p).outputs, target);
  parameters = p.all();
  std::vector<Var> wanted = parameters;
  if (differentiate_inputs) wanted.push_back(x);
  gradients = unroll::gradients(loss, wanted);
}

std::vector<Var> RecordedStep::outputs() const {
  std::vector<Var> all = gradients;
  all.push_back(loss);
  return all;
}

std::vector<Tensor<float>> bench_parameters(const std::vector<ParameterSpec>& specs, std::int64_t hidden) {
  const double limit = 1 / std::sqrt(static_cast<double>(hidden));
  std::vector<Tensor<float>> values;
  for (const ParameterSpec& spec : specs) {
    Stream stream(bench_seed, Purpose::parameters, {static_cast<std::uint32_t>(values.size())});
    Tensor<float>& value = values.emplace_back(spec.shape);
    for (float& x : value.span()) x = static_cast<float>(stream.uniform(-limit, limit));
  }
  return values;
}

Tensor<float> bench_inputs(StepShape shape) { return normal({shape.steps, shape.rows, shape.inputs}, 0); }

Tensor<float> bench_targets(StepShape shape) { return normal({shape.rows, 1}, 1); }

EngineStep::EngineStep(std::string_view cell, StepShape shape, const PlanOptions& options,
                       bool differentiate_inputs)
    : shape_(shape),
      net_(cell, sizes::T, sizes::B, shape.inputs, shape.hidden, differentiate_inputs),
      specs_(net_.model.parameters()),
      values_(bench_parameters(specs_, shape.hidden)),
      x_(normal({shape.steps, shape.rows, net_.width}, 0)),
      targets_(bench_targets(shape)),
      plan_(*net_.tape, net_.outputs(), options) {
  plan_.bind(net_.x, x_);
  plan_.bind(net_.target, targets_);
  for (std::size_t i = 0; i < values_.size(); ++i) plan_.bind(net_.parameters[i], values_[i]);
}

Contestant engine_contestant(std::string key, std::string_view cell, StepShape shape,
                             const PlanOptions& options) {
  const auto out = [&](const std::string& problem) {
    return Contestant{key, [problem](int) -> double { throw std::runtime_error(problem); }};
  };
  const auto net = std::make_shared<EngineStep>(cell, shape, options);
  // Not all of it: other programs need some, and the tensors of the run stand beside the arena.
  const double room = 0.8 * static_cast<double>(machine_limits().usable_memory());
  try {
    const auto bytes = static_cast<double>(net->peak_bytes());
    if (bytes > room) return out("needs " + in_bytes(bytes));
  } catch (const std::length_error& error) {
    return out(error.what());
  }
  return timed(std::move(key), [net] { net->run(); });
}

}  // namespace unroll
