#include "experiments/export/header/self_test.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "framework/random/stream.hpp"
#include "models/carried_run.hpp"

namespace unroll {
namespace {

/// Few where a step has many outputs: the vectors stand in the header.
std::int64_t steps_for(std::int64_t outputs) { return std::clamp<std::int64_t>(2048 / outputs, 3, 32); }

std::vector<float> inputs_in_unit_of_data(const Scaling& scaling, std::int64_t count, std::int64_t columns) {
  Stream stream(0, Purpose::check);
  std::vector<float> inputs;
  for (std::int64_t i = 0; i < count; ++i)
    inputs.push_back(
        static_cast<float>(scaling.undone(stream.normal(), static_cast<std::size_t>(i % columns))));
  return inputs;
}

/// The outputs of the same steps in double precision.
template <class Inputs>
std::vector<double> in_double(const SavedModel& model, const Inputs& inputs) {
  const BoundModel bound(model.model(Readout::every_step), model.sizes.inputs, model.sizes.tokens);
  Plan<double> plan(*bound.tape, {bound.recorded.outputs});
  std::vector<Tensor<double>> parameters;
  for (const Tensor<float>& values : model.parameters) parameters.push_back(convert<double>(values));
  ModelInputs<double> given;
  given.set_noise(0, 0, 0, inputs.shape()[0]);
  bound.bind(plan, given, parameters);
  plan.bind(bound.inputs, inputs);
  plan.run();
  const std::span<const double> outputs = plan.value(bound.recorded.outputs);
  return {outputs.begin(), outputs.end()};
}

/// The largest difference, in parts of 1 or of the output where that is larger.
double own_error(std::span<const float> outputs, std::span<const double> right) {
  double largest = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const double size = std::max(1.0, std::abs(right[i]));
    largest = std::max(largest, std::abs(static_cast<double>(outputs[i]) - right[i]) / size);
  }
  return largest;
}

/// The same of what a float's last digit is in the unit of the data.
double last_digit(std::span<const float> outputs, const Scaling& scaling) {
  double largest = 0;
  for (std::size_t i = 0; i < outputs.size() && !scaling.unit.empty(); ++i) {
    const std::size_t column = i % scaling.unit.size();
    const double learned = static_cast<double>(outputs[i]), unit = scaling.unit[column];
    const double digit = std::abs(scaling.undone(learned, column)) * std::numeric_limits<float>::epsilon();
    largest = std::max(largest, digit / unit / std::max(1.0, std::abs(learned)));
  }
  return largest;
}

/// Rounded up to two digits.
double limit_for(double error) {
  const double limit = std::max(1e-6, 4 * error);
  const double unit = std::pow(10.0, std::floor(std::log10(limit)) - 1);
  return std::ceil(limit / unit - 1e-9) * unit;
}

}  // namespace

SelfTest self_test(const SavedModel& model) {
  const Preparation how = model.preparation.value_or(Preparation{});
  const std::int64_t inputs = model.sizes.inputs, outputs = model.sizes.outputs;
  SelfTest test{.steps = steps_for(outputs)};
  CarriedRun run(model.model(Readout::every_step), inputs, model.sizes.tokens, model.parameters);
  run.start(1);
  test.starts = run.states();
  double error = 0;
  if (model.sizes.tokens) {
    Stream stream(0, Purpose::check);
    for (std::int64_t t = 0; t < test.steps; ++t) test.tokens.push_back(stream.below(inputs));
    const Tensor<std::int64_t> tokens({test.steps, 1}, test.tokens);
    run.run(tokens);
    error = own_error(run.outputs(), in_double(model, tokens));
  } else {
    test.inputs = inputs_in_unit_of_data(how.inputs, test.steps * inputs, inputs);
    Tensor<float> scaled({test.steps, 1, inputs}, test.inputs);
    how.inputs.apply(scaled);
    run.run(scaled);
    error = own_error(run.outputs(), in_double(model, convert<double>(scaled)));
  }
  test.limit = limit_for(std::max(error, last_digit(run.outputs(), how.target)));
  for (std::int64_t i = 0; i < test.steps * outputs; ++i)
    test.outputs.push_back(
        static_cast<float>(how.target.undone(static_cast<double>(run.outputs()[static_cast<std::size_t>(i)]),
                                             static_cast<std::size_t>(i % outputs))));
  return test;
}

}  // namespace unroll
