#include <algorithm>
#include <cmath>

#include "experiments/instruments/omega.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/train/euclidean_norm.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

constexpr std::int64_t omega_sequences = 8;

/// ∂L/∂s_t of one sequence, all states together but those that count steps.
std::vector<double> at(const StateGradients& gradients, std::int64_t t, std::int64_t row) {
  std::vector<double> all;
  const std::int64_t rows = gradients.batch.rows();
  for (std::size_t k = 0; k < gradients.states.size(); ++k) {
    if (gradients.states[k].counts) continue;
    const std::int64_t width = gradients.states[k].shape.numel();
    const double* from = gradients.gradients[k].data() + (t * rows + row) * width;
    all.insert(all.end(), from, from + width);
  }
  return all;
}

void look_at_omega(const Subject& subject, Findings& findings) {
  const StateGradients gradients = state_gradients(subject);
  StateMap map(subject);
  const BatchInputs inputs(gradients.batch, omega_sequences);
  const auto steps = static_cast<std::size_t>(inputs.steps());
  std::vector<Tensor<double>> errors;
  for (std::int64_t t = 0; t < inputs.steps(); ++t) {
    Tensor<double>& error = errors.emplace_back(Shape{inputs.rows(), map.size()});
    double* to = error.data();
    for (const std::int64_t row : inputs.chosen()) to = std::ranges::copy(at(gradients, t, row), to).out;
  }
  RecordedSeries series{.name = "Ω",
                        .moment = subject.moment,
                        .axis = "time step",
                        .descriptor = {.unit = "(‖e J‖² / ‖e‖² − 1)²", .logarithmic = true},
                        .x = {},
                        .y = {}};
  double sum = 0;
  StateMap::Point state = map.start(inputs.rows());
  for (std::size_t t = 0; t < steps; ++t) {
    const StepInput x = inputs.at(static_cast<std::int64_t>(t));
    if (const auto term = t > 0 ? omega_term(map, state, x, errors[t]) : std::nullopt) {
      series.x.push_back(static_cast<double>(t));
      series.y.push_back(*term);
      sum += *term;
    }
    state = map.next(state, x);
  }
  findings.series.push_back(std::move(series));
  findings.numbers.push_back({"omega", sum});
}

}  // namespace

std::optional<double> omega_term(StateMap& map, const StateMap::Point& from, const StepInput& x,
                                 const Tensor<double>& errors) {
  const auto size = static_cast<std::size_t>(map.size());
  const Tensor<double> pulled = map.pull_back(from, x, errors);
  double sum = 0;
  std::int64_t counted = 0;
  for (std::size_t r = 0; r * size < errors.span().size(); ++r) {
    const double before = euclidean_norm(errors.span().subspan(r * size, size));
    const double ratio = euclidean_norm(pulled.span().subspan(r * size, size)) / before;
    if (before == 0 || !std::isfinite(ratio)) continue;
    sum += std::pow(ratio * ratio - 1, 2);
    ++counted;
  }
  if (counted == 0) return std::nullopt;
  return sum / static_cast<double>(counted);
}

Instrument omega_row() {
  return {.name = "omega",
          .shows =
              "Pascanu's term of each step, (‖e J‖² / ‖e‖² − 1)² with e = ∂L/∂s_{t+1} and J = "
              "∂s_{t+1}/∂s_t: how far a step is from keeping the length of the error it passes back.",
          .needs = "one direction",
          .source = "Pascanu, Mikolov & Bengio 2013, eq. 10 and their code, with all states as one vector",
          .look = look_at_omega,
          .objection = needs_one_direction,
          .bytes = [](TrialModels& models) { return models.diagnostics_bytes(); },
          .reads_loss_step = true};
}

}  // namespace unroll
