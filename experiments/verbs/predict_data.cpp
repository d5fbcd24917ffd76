#include "experiments/verbs/predict_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "experiments/saved/model_inputs.hpp"
#include "experiments/saved/series_model.hpp"
#include "experiments/saved/text_model.hpp"
#include "experiments/train/evaluator.hpp"
#include "experiments/train/taught_task.hpp"
#include "models/carried_run.hpp"

namespace unroll {
namespace {

using Row = nlohmann::ordered_json;

/// Adds what the outputs of a step say.
class Answer {
 public:
  explicit Answer(const SavedModel& model)
      : model_(model),
        objective_(find_objective(model.laboratory->objectives(), model.objective)),
        target_(model.preparation ? model.preparation->target : Scaling()) {}

  void add_to(Row& row, std::span<const float> outputs) const {
    if (objective_.target == TargetKind::classes) return add_class(row, outputs);
    const bool yes_or_no = objective_.name == binary_cross_entropy_objective().name;
    const std::string name = yes_or_no ? "probability" : "output";
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const double z = target_.undone(static_cast<double>(outputs[i]), i);
      row[outputs.size() == 1 ? name : fmt::format("{} {}", name, i + 1)] =
          yes_or_no ? 1 / (1 + std::exp(-z)) : z;
    }
  }

 private:
  void add_class(Row& row, std::span<const float> outputs) const {
    const std::vector<double> p = distribution(outputs, {});
    const auto best = std::ranges::max_element(p);
    const auto index = static_cast<std::int32_t>(best - p.begin());
    // Where a model answers with tokens, classes have their names.
    const bool named = model_.vocabulary && model_.vocabulary->size() == model_.sizes.outputs;
    row["class"] = named ? Row(model_.vocabulary->token(index)) : Row(index);
    row["probability"] = *best;
  }

  const SavedModel& model_;
  const Objective& objective_;
  Scaling target_;  ///< answers are in the unit of the data
};

/// How many of the first sequences are as long as the very first one, at most a batch.
std::size_t alike(std::span<const Values> sequences) {
  const std::int64_t steps = shape_of(sequences.front())[0];
  const auto other =
      std::ranges::find_if(sequences, [&](const Values& one) { return shape_of(one)[0] != steps; });
  return std::min(static_cast<std::size_t>(other - sequences.begin()),
                  static_cast<std::size_t>(evaluation_batch));
}

void require_finite(std::span<const float> outputs) {
  const auto bad = std::ranges::find_if_not(outputs, [](float x) { return std::isfinite(x); });
  if (bad == outputs.end()) return;
  throw ModelError(fmt::format(
      "the model's outputs for these inputs hold {}, expected finite numbers: its training diverged, or the "
      "inputs are far from those that it learned from",
      *bad));
}

}  // namespace

Listing predictions(const SavedModel& model, const std::string& file) {
  if (is_series_model(model))
    throw ModelError(fmt::format(
        "this model was trained on the task {}: what it answers is a forecast, which `unroll forecast` "
        "makes of a table",
        model.config.task.name));
  const std::vector<Values> all = inputs_in(model, file);
  const Answer answer(model);
  const bool every_step = model.sizes.readout == Readout::every_step;
  const auto outputs = static_cast<std::size_t>(model.sizes.outputs);
  CarriedRun::Options options;
  if (model.sizes.feedback > 0)
    options.record.own_feedback =
        what_is_fed_back(find_objective(model.laboratory->objectives(), model.objective));
  CarriedRun run(model.model(), model.sizes.inputs, model.sizes.tokens, model.parameters, options);
  Listing rows;
  for (std::size_t first = 0; first < all.size();) {
    const std::size_t count = alike(std::span(all).subspan(first));
    const Values inputs = side_by_side(std::span(all).subspan(first, count));
    run.start(static_cast<std::int64_t>(count));
    std::visit([&](const auto& values) { run.run(values); }, inputs);
    require_finite(run.outputs());
    const std::size_t steps = every_step ? static_cast<std::size_t>(shape_of(inputs)[0]) : 1;
    for (std::size_t b = 0; b < count; ++b)
      for (std::size_t t = 0; t < steps; ++t) {
        Row row = {{"sequence", first + b}};
        if (every_step) row["step"] = t;
        answer.add_to(row, run.outputs().subspan((t * count + b) * outputs, outputs));
        rows.push_back(std::move(row));
      }
    first += count;
  }
  return rows;
}

}  // namespace unroll
