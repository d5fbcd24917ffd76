#pragma once

#include <optional>

#include "experiments/objectives/objective.hpp"
#include "experiments/tasks/series/prepared_series.hpp"
#include "experiments/tasks/task.hpp"

namespace unroll {

/// Forecasts of a series in a table of the user's: its columns some steps ahead, from a context of steps
/// before. Trained in pieces of task.context steps that may begin anywhere, of which the later half counts;
/// judged on the forecast at the end of each context.
TaskRow series_row();

/// The objective that fits what a forecast says (task.distribution): gaussian, quantile at its levels, or
/// mse.
Objective series_objective(const SeriesSettings& settings);

/// The series of a config, or in other bytes for a model that was trained on it. Throws DataError.
PreparedSeries prepared_series(const TaskConfig& config);
PreparedSeries prepared_series(const TaskConfig& config, const std::string& bytes, const std::string& file);

}  // namespace unroll
