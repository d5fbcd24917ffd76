#pragma once

#include <string>

#include "experiments/saved/saved_model.hpp"
#include "experiments/tasks/series/prepared_series.hpp"

namespace unroll {

/// Whether it forecasts a series.
bool is_series_model(const SavedModel& model);
/// Throws ModelError, which names the model's task, for one that forecasts no series.
void require_series_model(const SavedModel& model);

/// A series for the model to forecast, in a table of the columns that it was trained on; scaled as that was.
/// Throws ModelError, and DataError naming the place in the file.
PreparedSeries series_for(const SavedModel& model, const std::string& bytes, const std::string& file);

}  // namespace unroll
