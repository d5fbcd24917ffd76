#include "experiments/verbs/horizon_argument.hpp"

#include <fmt/format.h>

#include "experiments/saved/model_error.hpp"

namespace unroll {

std::int64_t horizon_argument(const Arguments& arguments, const SeriesSettings& settings) {
  if (!arguments.has("horizon")) return settings.horizon;
  const auto horizon = arguments.flags["horizon"].as<std::int64_t>();
  if (horizon < 1) throw UsageError(fmt::format("--horizon must be at least 1, but is {}", horizon));
  if (!settings.recursive && horizon > settings.horizon)
    throw ModelError(
        fmt::format("--horizon: is {}, but the model answers {} steps at once (task.horizon): train it with "
                    "task.horizon={}, or "
                    "with task.strategy=recursive to go on from its own answers",
                    horizon, settings.horizon, horizon));
  return horizon;
}

}  // namespace unroll
