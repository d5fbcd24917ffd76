#include "experiments/train/gradient_norms.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

#include "experiments/train/euclidean_norm.hpp"
#include "framework/tensor/cpu.hpp"

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

}  // namespace

std::optional<std::int64_t> loss_step(const TrainConfig& train) {
  const std::string& text = train.gradient_loss_step;
  if (text == "all") return std::nullopt;
  if (text == "last") return -1;
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error == std::errc{} && end == text.data() + text.size() && step >= 1) return step - 1;
  throw std::invalid_argument(
      fmt::format("train.gradient_loss_step: expected last, all, or a step from 1 on, found \"{}\"", text));
}

std::vector<RecordedSeries> gradient_norms(const Config& config, TrialModels& models,
                                           const std::vector<Tensor<float>>& parameters,
                                           const std::string& moment) {
  const KeepSubnormals guard;
  std::vector<Tensor<double>> values;
  for (const Tensor<float>& p : parameters) values.push_back(convert<double>(p));
  const Piece piece{.batch = models.diagnostics(), .only_step = loss_step(config.train)};
  const TaskModel& model = models.diagnostics_model();
  const bool every_step = models.spec().every_step();
  Feed<double> feed;
  // Over the sequences: L is the loss of one of them, all of its steps that count taken together.
  model.fill(feed, piece, {0, piece.batch.rows()}, total_weight(piece, every_step));
  Plan<double> plan = models.diagnostics_plan();
  model.bind(plan, feed, piece, values);
  plan.run();
  std::vector<RecordedSeries> all;
  for (std::size_t k = 0; k < model.states.size(); ++k)
    add_norms(plan.value(model.state_gradients[k]), piece.batch,
              all.emplace_back(series_of(model.states[k], moment)));
  return all;
}

}  // namespace unroll
