#include "experiments/instruments/error_surface.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/instruments/moments.hpp"
#include "experiments/instruments/one_unit.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

constexpr double surface_most_weight = 6, most_bias = 3;
constexpr std::size_t surface_weights = 25, biases = 25;

/// The loss of the sequences that gradients are looked at on, at any parameters.
class LossOf {
 public:
  explicit LossOf(const Subject& subject)
      : model_(subject.models.diagnostics_model()),
        piece_{.batch = subject.models.diagnostics(),
               .only_step = loss_step(subject.config.diagnose_loss_step)},
        plan_(*model_.tape, {model_.loss}) {
    model_.fill(feed_, piece_, {0, piece_.batch.rows()}, total_weight(piece_, model_.spec.every_step()));
  }

  double at(const std::vector<Tensor<double>>& parameters) {
    model_.bind(plan_, feed_, piece_, parameters);
    plan_.run();
    return plan_.value(model_.loss)[0];
  }

 private:
  const TaskModel& model_;
  Piece piece_;
  Feed<double> feed_;
  Plan<double> plan_;
};

void look_at_error_surface(const Subject& subject, Findings& findings) {
  const std::vector<ParameterSpec>& specs = subject.models.training_model().specs;
  const std::size_t weight = *own_weight(specs), bias = *own_bias(specs);
  std::vector<Tensor<double>> parameters = subject.parameters;
  LossOf loss(subject);
  std::vector<std::vector<double>> rows;
  const std::vector<double> at = grid(-most_bias, most_bias, biases);
  for (const double w : grid(-surface_most_weight, surface_most_weight, surface_weights)) {
    std::vector<double>& row = rows.emplace_back();
    parameters[weight][0] = w;
    for (const double b : at) {
      parameters[bias][0] = b;
      row.push_back(loss.at(parameters));
    }
    findings.series.push_back(
        {.name = fmt::format("loss over bias and recurrent weight ({})", subject.moment),
         .moment = fmt::format("w = {}", w),
         .axis = "bias",
         .descriptor = {.unit = "loss", .direction = "lower"},
         .x = at,
         .y = row});
  }
  findings.numbers.push_back({"error_surface_cliff", cliff_of(rows)});
}

}  // namespace

double cliff_of(const std::vector<std::vector<double>>& rows) {
  std::vector<double> steps;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      if (i > 0) steps.push_back(std::abs(rows[i][j] - rows[i - 1][j]));
      if (j > 0) steps.push_back(std::abs(rows[i][j] - rows[i][j - 1]));
    }
  const bool finite = std::ranges::all_of(steps, [](double x) { return std::isfinite(x); });
  if (steps.empty() || !finite) return std::numeric_limits<double>::quiet_NaN();
  const double largest = *std::ranges::max_element(steps);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return largest / *middle;
}

Instrument error_surface_row() {
  return {
      .name = "error_surface",
      .shows =
          "The loss of a net of one unit over its recurrent weight (-6 to 6) and bias (-3 to 3), all else as "
          "it is: plains, and the cliff that clipping is for.",
      .needs = "one unit with a bias, model.hidden = 1",
      .source = "Pascanu, Mikolov & Bengio 2013, figure 6",
      .look = look_at_error_surface,
      .objection = needs_weight_and_bias,
      .reads_loss_step = true};
}

}  // namespace unroll
