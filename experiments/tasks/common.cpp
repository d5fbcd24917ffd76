#include "experiments/tasks/common.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace unroll {

void require_length(const TaskConfig& config, std::int64_t least, std::string_view why) {
  if (config.length >= least) return;
  throw std::invalid_argument(fmt::format("task.length: {} ({}) needs a length of at least {}, got {}: {}",
                                          config.name, config.variant, least, config.length, why));
}

void require_outputs(std::string_view task, const Tensor<float>& outputs, const Shape& expected) {
  if (outputs.shape() == expected) return;
  throw std::invalid_argument(
      fmt::format("{}: outputs of shape {}, expected {} (was the model read out as the "
                  "task asks?)",
                  task, to_string(outputs.shape()), to_string(expected)));
}

bool is_right(const float* scores, std::int64_t classes, std::int64_t target) {
  for (std::int64_t c = 0; c < classes; ++c)
    if (c != target && !(scores[target] > scores[c])) return false;
  return true;
}

}  // namespace unroll
