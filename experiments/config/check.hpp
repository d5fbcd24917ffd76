#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "experiments/config/config.hpp"

namespace unroll {

/// Checks what one key alone cannot tell: the task's variant, the length its definition needs, weights per
/// row against units. `origin_of` says where a key was set. Throws ConfigError.
void check_config(const Config& config, const std::function<std::string(std::string_view)>& origin_of);

}  // namespace unroll
