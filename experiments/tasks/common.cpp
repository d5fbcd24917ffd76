#include "experiments/tasks/common.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace unroll {

void require_length(const TaskConfig& config, std::int64_t least, std::string_view why) {
  if (config.length.least >= least) return;
  throw std::invalid_argument(fmt::format("task.length: {} ({}) needs a length of at least {}, got {}: {}",
                                          config.name, config.variant, least, to_text(config.length), why));
}

std::int64_t require_one_length(const TaskConfig& config, std::string_view why) {
  if (config.length.fixed()) return config.length.most;
  throw std::invalid_argument(fmt::format("task.length: {} ({}) needs one length, got {}: {}", config.name,
                                          config.variant, to_text(config.length), why));
}

Tensor<std::int64_t> class_target(std::int64_t index) {
  Tensor<std::int64_t> target;
  target[0] = index;
  return target;
}

}  // namespace unroll
