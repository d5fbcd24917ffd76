#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "experiments/laboratory.hpp"

namespace unroll {

/// Checks what one key alone cannot tell: the task's variant, the length its definition needs, whose setting
/// a key is, weights per row against units. `origin_of` says where a key was
/// set, "" where nowhere. Throws ConfigError.
void check_config(const Laboratory& laboratory, const Config& config,
                  const std::function<std::string(std::string_view)>& origin_of);

}  // namespace unroll
