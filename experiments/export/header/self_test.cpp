#include "experiments/export/header/self_test.hpp"

#include <algorithm>

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

}  // namespace

SelfTest self_test(const SavedModel& model) {
  const Preparation how = model.preparation.value_or(Preparation{});
  const std::int64_t inputs = model.sizes.inputs, outputs = model.sizes.outputs;
  SelfTest test{.steps = steps_for(outputs)};
  CarriedRun run(model.model(Readout::every_step), inputs, model.sizes.tokens, model.parameters);
  run.start(1);
  test.starts = run.states();
  if (model.sizes.tokens) {
    Stream stream(0, Purpose::check);
    for (std::int64_t t = 0; t < test.steps; ++t) test.tokens.push_back(stream.below(inputs));
    run.run(Tensor<std::int64_t>({test.steps, 1}, test.tokens));
  } else {
    test.inputs = inputs_in_unit_of_data(how.inputs, test.steps * inputs, inputs);
    Tensor<float> scaled({test.steps, 1, inputs}, test.inputs);
    how.inputs.apply(scaled);
    run.run(scaled);
  }
  for (std::int64_t i = 0; i < test.steps * outputs; ++i)
    test.outputs.push_back(
        static_cast<float>(how.target.undone(static_cast<double>(run.outputs()[static_cast<std::size_t>(i)]),
                                             static_cast<std::size_t>(i % outputs))));
  return test;
}

}  // namespace unroll
