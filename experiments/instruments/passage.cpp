#include "experiments/instruments/passage.hpp"

#include <algorithm>

#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

using sizes::B;
using sizes::T;

}  // namespace

Passage passage(const Subject& subject, const SequenceModel& model, const std::vector<std::string>& names) {
  const TaskSpec& spec = subject.models.spec();
  const bool tokens = spec.inputs == InputKind::tokens;
  Passage result{subject.models.diagnostics(), model.states(), {}, {}};
  Tape tape;
  const std::vector<ParameterSpec> specs = model.parameters();
  const Parameters p(tape, specs);
  const Var x = tokens ? tape.index_input("tokens", {T, B}) : tape.input("inputs", {T, B, spec.input_size});
  const SequenceModel::Recorded recorded = model.record(x, p, RunOptions{.values = names});
  std::vector<Var> outputs = recorded.state_trajectory;
  outputs.insert(outputs.end(), recorded.values.begin(), recorded.values.end());
  Plan<double> plan(tape, outputs);
  for (std::size_t i = 0; i < specs.size(); ++i) plan.bind(p.all()[i], subject.parameters[i]);
  Tensor<double> vectors;
  if (tokens) {
    plan.bind(x, std::get<Tensor<std::int64_t>>(result.batch.inputs));
  } else {
    vectors = convert<double>(std::get<Tensor<float>>(result.batch.inputs));
    plan.bind(x, vectors);
  }
  plan.run();
  for (const Var& v : recorded.state_trajectory) result.trajectories.push_back(plan.tensor(v));
  for (const Var& v : recorded.values) result.values.push_back(plan.tensor(v));
  return result;
}

Tensor<double> rows_in_use(const Tensor<double>& values, const Batch& batch) {
  const std::int64_t steps = batch.steps(), all = batch.rows();
  const std::int64_t width = values.numel() / (steps * all);
  std::vector<double> used;
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t b = 0; b < all; ++b) {
      if (t >= batch.lengths[static_cast<std::size_t>(b)]) continue;
      const double* from = values.data() + (t * all + b) * width;
      used.insert(used.end(), from, from + width);
    }
  const auto rows = static_cast<std::int64_t>(used.size()) / std::max<std::int64_t>(width, 1);
  return Tensor<double>({rows, width}, used);
}

}  // namespace unroll
