#pragma once

#include <algorithm>
#include <cmath>

#include "experiments/objectives/objective.hpp"
#include "experiments/tasks/task.hpp"
#include "framework/plan/plan.hpp"

namespace unroll {

template <class T>
Dims fixed_dims(const Tensor<T>& tensor) {
  return Dims(tensor.shape().begin(), tensor.shape().end());
}

/// The same of labels: outputs (T, B, outputs) side by side.
inline Tally tally_of_labels(const Objective& objective, const Criterion& criterion, const Batch& batch,
                             const Layout& layout, const Tensor<float>& outputs) {
  const auto& labels = std::get<Tensor<std::int64_t>>(batch.target);
  std::vector<StepPlace> places;
  for (const std::int64_t length : batch.lengths) places.push_back({std::ssize(places), 0, length});
  const auto lattice =
      ctc_lattice<float>(labels, places, outputs.shape()[0], outputs.shape()[1], outputs.shape()[2]);
  Tape tape;
  const Var read = tape.input("outputs", {sizes::T, sizes::B, outputs.shape()[2]});
  const CtcInputs target = ctc_inputs(tape, sizes::B, labels.shape()[1]);
  const std::vector<Var> elements = objective.label_elements(read, target);
  Plan<float> plan(tape, elements);
  plan.bind(read, outputs);
  plan.bind(target.outputs, lattice.outputs);
  plan.bind(target.steps, lattice.steps);
  plan.bind(target.live, lattice.live);
  plan.bind(target.skips, lattice.skips);
  plan.bind(target.ends, lattice.ends);
  plan.run();
  std::vector<std::span<const float>> values;
  for (const Var element : elements) values.push_back(plan.value(element));
  Tally tally;
  add_to(tally, objective, criterion, batch, batch.rows(), layout, values);
  return tally;
}

/// Judges outputs as an evaluation does. `outputs` and `target` stand as `layout` says: those of a batch, or
/// packed.
inline Tally tally_of(const Objective& objective, const Criterion& criterion, const Batch& batch,
                      const Layout& layout, const Tensor<float>& outputs, const Values& target) {
  if (objective.target == TargetKind::labels)
    return tally_of_labels(objective, criterion, batch, layout, outputs);
  Tape tape;
  const Var read = tape.input("outputs", fixed_dims(outputs));
  return std::visit(
      [&]<class T>(const Tensor<T>& wanted) {
        const Var want = std::is_same_v<T, float> ? tape.input("target", fixed_dims(wanted))
                                                  : tape.index_input("target", fixed_dims(wanted));
        const std::vector<Var> elements = objective.elements(read, want);
        Plan<float> plan(tape, elements);
        plan.bind(read, outputs);
        plan.bind(want, wanted);
        plan.run();
        std::vector<std::span<const float>> values;
        for (const Var element : elements) values.push_back(plan.value(element));
        Tally tally;
        add_to(tally, objective, criterion, batch, batch.rows(), layout, values);
        return tally;
      },
      target);
}

/// Outputs (T, B, outputs), or (B, outputs), for a batch of a task.
inline MetricValues judged(const TaskSpec& spec, const Batch& batch, const Tensor<float>& outputs) {
  const Layout layout{.rows = batch.rows(), .every_step = spec.every_step()};
  return values_of(spec.objective, spec.criterion,
                   tally_of(spec.objective, spec.criterion, batch, layout, outputs, batch.target));
}

/// The number whose logistic function is p, but for p near 0 and 1.
inline float logit(float p) {
  const double near = std::clamp(static_cast<double>(p), 1e-4, 1 - 1e-4);
  return static_cast<float>(std::log(near / (1 - near)));
}

/// 10 for each label in its turn, with a blank behind it, and for the blank to the end; 0 for the others.
inline Tensor<float> right_labels(const TaskSpec& spec, const Batch& batch) {
  const auto& labels = std::get<Tensor<std::int64_t>>(batch.target);
  Tensor<float> outputs({batch.steps(), batch.rows(), spec.output_size});
  for (std::int64_t b = 0; b < batch.rows(); ++b)
    for (std::int64_t t = 0; t < batch.steps(); ++t) {
      const std::int64_t label =
          t % 2 == 0 && t / 2 < spec.most_labels ? labels[b * spec.most_labels + t / 2] : no_label;
      const std::int64_t output = label == no_label ? spec.output_size - 1 : label;
      outputs[(t * batch.rows() + b) * spec.output_size + output] = 10;
    }
  return outputs;
}

/// Outputs for which every answer is right: the target itself or what makes it, or 10 for its class and 0 for
/// the others.
inline Tensor<float> right_outputs(const TaskSpec& spec, const Batch& batch) {
  if (spec.objective.target == TargetKind::numbers) {
    Tensor<float> outputs = std::get<Tensor<float>>(batch.target);
    if (spec.objective.probabilities)
      for (float& x : outputs.span()) x = logit(x);
    return outputs;
  }
  if (spec.objective.target == TargetKind::labels) return right_labels(spec, batch);
  const auto& classes = std::get<Tensor<std::int64_t>>(batch.target);
  Shape shape = classes.shape();
  shape.push_back(spec.output_size);
  Tensor<float> outputs(shape);
  for (std::int64_t i = 0; i < classes.numel(); ++i) outputs[i * spec.output_size + classes[i]] = 10;
  return outputs;
}

}  // namespace unroll
