#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "experiments/config/document.hpp"

namespace unroll {

/// include = ["base.toml", ...]: files, named from the folder of the one that includes them, whose keys it
/// begins with. It is no setting.
inline constexpr std::string_view include_key = "include";

/// A config and all that it includes, in the order in which they are read: each file after those that it
/// includes, `file` last. What is said later wins. Throws ConfigError for a file that includes itself, by
/// whatever way, for too many files, and as read_document() does.
std::vector<TomlDocument> read_with_includes(const std::filesystem::path& file);

}  // namespace unroll
