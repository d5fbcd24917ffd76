#pragma once

#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/sweep/axes.hpp"

namespace unroll {

/// TOML with every result-affecting setting that is not swept, its meaning beside it, and the [sweep]
/// section. Read again it gives the same trials. A function of its arguments alone.
std::string resolved_toml(const Laboratory& laboratory, Config config, const std::vector<ConfigAxis>& axes);

}  // namespace unroll
