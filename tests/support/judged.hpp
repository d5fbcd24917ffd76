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

/// Judges outputs as an evaluation does. `outputs` and `target` stand as `layout` says: those of a batch, or
/// packed.
inline Tally tally_of(const Objective& objective, const Criterion& criterion, const Batch& batch,
                      const Layout& layout, const Tensor<float>& outputs, const Values& target) {
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

/// Outputs for which every answer is right: the target itself or what makes it, or 10 for its class and 0 for
/// the others.
inline Tensor<float> right_outputs(const TaskSpec& spec, const Batch& batch) {
  if (spec.objective.target == TargetKind::numbers) {
    Tensor<float> outputs = std::get<Tensor<float>>(batch.target);
    if (spec.objective.probabilities)
      for (float& x : outputs.span()) x = logit(x);
    return outputs;
  }
  const auto& classes = std::get<Tensor<std::int64_t>>(batch.target);
  Shape shape = classes.shape();
  shape.push_back(spec.output_size);
  Tensor<float> outputs(shape);
  for (std::int64_t i = 0; i < classes.numel(); ++i) outputs[i * spec.output_size + classes[i]] = 10;
  return outputs;
}

}  // namespace unroll
