#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "experiments/sweep/space.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Says what training `space` in `folder` would do, how long it takes and what is done already, as --format
/// has it, and trains nothing but a second of it. Gives the exit status: exit_usage where it would be
/// refused.
int dry_run(const Arguments& arguments, Space& space, const std::filesystem::path& folder);

/// One of several sweeps that a command would run after another.
struct PartSpace {
  std::string name;
  Space* space;
  std::filesystem::path folder;
};

/// The same of each of them, under its name; exit_usage where one would be refused.
int dry_run(const Arguments& arguments, std::span<const PartSpace> parts);

}  // namespace unroll
