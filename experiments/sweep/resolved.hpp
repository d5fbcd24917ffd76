#pragma once

#include <functional>
#include <string>

#include "experiments/laboratory.hpp"
#include "experiments/sweep/config_source.hpp"

namespace unroll {

/// TOML with every result-affecting setting that is not swept, its meaning beside it, and the [sweep]
/// section. Read again it gives the same trials. A function of its arguments alone.
std::string resolved_toml(const Laboratory& laboratory, Config config, const SweepSection& sweep);

/// The same, where each setting and axis comes from beside it: the place in a file, the override, or that it
/// is the default.
std::string config_with_origins(const Laboratory& laboratory, Config config, const ConfigSource& source);

}  // namespace unroll
