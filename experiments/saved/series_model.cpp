#include "experiments/saved/series_model.hpp"

#include <fmt/format.h>

#include "experiments/tasks/series/series_task.hpp"

namespace unroll {

/// By its settings, not by its name: a task of one's own may be made of the same.
bool is_series_model(const SavedModel& model) {
  const Option* context = model.laboratory->options().find(series_options::context.key);
  return context && model.laboratory->has(model.config, *context) && model.preparation;
}

void require_series_model(const SavedModel& model) {
  if (is_series_model(model)) return;
  throw ModelError(fmt::format(
      "this model was trained on the task {}: it forecasts no series; one of the task series does",
      model.config.task.name));
}

PreparedSeries series_for(const SavedModel& model, const std::string& bytes, const std::string& file) {
  require_series_model(model);
  return prepared_series(model.config.task, bytes, file);
}

}  // namespace unroll
