#include <fmt/format.h>

#include "experiments/instruments/moments.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/instruments/state_gradients.hpp"
#include "experiments/train/euclidean_norm.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

RecordedSeries series_of(const StateSpec& state, const std::string& moment) {
  return {.name = fmt::format("gradient norm of {}", state.name),
          .moment = moment,
          .axis = "time step",
          .descriptor = {.unit = fmt::format("‖∂L/∂{}_t‖", state.name), .logarithmic = true},
          .x = {},
          .y = {}};
}

/// Gradients (T, B, elements...) of the batch's mean loss.
void add_norms(std::span<const double> gradients, const Batch& batch, RecordedSeries& series) {
  const std::int64_t rows = batch.rows(), steps = batch.steps();
  const std::size_t elements = gradients.size() / static_cast<std::size_t>(rows * steps);
  for (std::int64_t t = 0; t < steps; ++t) {
    double sum = 0;
    std::int64_t going = 0;
    for (std::int64_t b = 0; b < rows; ++b) {
      if (t >= batch.lengths[static_cast<std::size_t>(b)]) continue;
      ++going;
      sum += euclidean_norm(gradients.subspan(static_cast<std::size_t>(t * rows + b) * elements, elements));
    }
    series.x.push_back(static_cast<double>(t + 1));
    // Times the rows: of the sequence's own loss, not its share of the mean.
    series.y.push_back(sum * static_cast<double>(rows) / static_cast<double>(going));
  }
}

/// One series a state, over t = 1..T, the mean over a batch that is the same at every call. A sequence that
/// has ended at t counts no more.
void look_at_state_gradients(const Subject& subject, Findings& findings) {
  const StateGradients found = state_gradients(subject);
  for (std::size_t k = 0; k < found.states.size(); ++k)
    add_norms(found.gradients[k].span(), found.batch,
              findings.series.emplace_back(series_of(found.states[k], subject.moment)));
}

}  // namespace

StateGradients state_gradients(const Subject& subject) {
  TrialModels& models = subject.models;
  const Piece piece{.batch = models.diagnostics(), .only_step = loss_step(subject.config.diagnose_loss_step)};
  const TaskModel& model = models.diagnostics_model();
  Feed<double> feed;
  // Over the sequences: L is the loss of one of them, all of its steps that count taken together.
  model.fill(feed, piece, {0, piece.batch.rows()}, total_weight(piece, models.spec().every_step()));
  Plan<double> plan = models.diagnostics_plan();
  model.bind(plan, feed, piece, subject.parameters);
  plan.run();
  StateGradients found{model.states, piece.batch, {}};
  for (const Var& gradient : model.state_gradients) found.gradients.push_back(plan.tensor(gradient));
  return found;
}

Instrument state_gradients_row() {
  return {
      .name = "state_gradients",
      .shows = "‖∂L/∂s_t‖ over the time steps t for every state s: how far back the loss is felt.",
      .needs = "",
      .source = "Hochreiter 1991; Bengio, Simard & Frasconi 1994; as plotted in Arjovsky, Shah & Bengio 2016",
      .look = look_at_state_gradients,
      .bytes = [](TrialModels& models) { return models.diagnostics_bytes(); },
      .reads_loss_step = true};
}

}  // namespace unroll
