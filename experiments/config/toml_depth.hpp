#pragma once

#include <string_view>

namespace unroll {

/// Throws ConfigError, with the place, for a TOML text whose keys have more than 32 parts or whose lists and
/// tables lie more than 32 deep in each other. toml++ reads those by a recursion that the stack bounds alone,
/// and takes them apart again by another.
void check_toml_depth(std::string_view text, std::string_view name);

}  // namespace unroll
