#pragma once

#include <cstdint>

#include "experiments/tasks/series/options.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// How many steps --horizon asks for; without it the model's own task.horizon. Throws UsageError for less
/// than 1, ModelError for more than a model answers that answers several steps at once.
std::int64_t horizon_argument(const Arguments& arguments, const SeriesSettings& settings);

}  // namespace unroll
