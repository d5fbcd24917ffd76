#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "experiments/config/config.hpp"

namespace unroll {

/// Whether a task's texts must be there: results of training can be looked at without them.
enum class Texts { needed, may_be_gone };

/// Checks what one key alone cannot tell: the task's variant, the length its definition needs, weights per
/// row against units. `origin_of` says where a key was set. What depends on a text that is gone is not
/// checked where it may be. Throws ConfigError.
void check_config(const Config& config, const std::function<std::string(std::string_view)>& origin_of,
                  Texts texts = Texts::needed);

}  // namespace unroll
