#pragma once

#include <filesystem>

#include "experiments/sweep/space.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Says what training `space` in `folder` would do, how long it takes and what is done already, as --format
/// has it, and trains nothing but a second of it. Gives the exit status: exit_usage where it would be
/// refused.
int dry_run(const Arguments& arguments, Space& space, const std::filesystem::path& folder);

}  // namespace unroll
