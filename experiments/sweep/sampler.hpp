#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/document.hpp"

namespace unroll {

/// Which points of its axes a sweep has. Seeds are an axis of their own: whatever the points, each is run
/// with every seed.
struct Sampler {
  enum class Kind {
    grid,           ///< every combination of the axes' values
    random,         ///< axes with a distribution are drawn together, `points` times; each draw with every
                    ///< combination of the other axes' values
    sobol,          ///< the same, spread evenly (Sobol's sequence, shifted by the seed)
    one_at_a_time,  ///< the config itself, and each axis alone, the others as the config has them
    partial_grid    ///< of each list of `grids` every combination, the others as the config has them
  };
  Kind kind = Kind::grid;
  std::size_t points = 0;
  std::uint64_t seed = 1;
  std::vector<std::vector<std::string>> grids = {};  ///< keys of axes
  std::string origin = {};                           ///< empty: there is none, and it is a grid

  bool draws() const { return kind == Kind::random || kind == Kind::sobol; }
  /// Whether two of its points may be the same trial, which then counts once.
  bool may_repeat() const { return kind != Kind::grid; }
};

std::string_view name_of(Sampler::Kind kind);

/// { kind = "sobol", points = 100, seed = 1 }, { kind = "partial_grid", grids = [["model.hidden"], ...] },
/// ... Throws ConfigError.
Sampler read_sampler(const TomlDocument& document, const TomlNode& node, const std::string& origin);

/// The same as TOML.
std::string to_toml(const Sampler& sampler);

}  // namespace unroll
