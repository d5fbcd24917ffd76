#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "experiments/sweep/config_source.hpp"

namespace unroll {

/// An axis that does not vary at a point: what the config says holds.
inline constexpr std::size_t at_base = std::numeric_limits<std::size_t>::max();

/// The points of a sweep by number, none of them kept: those of the first axes as they are written vary
/// slowest. Axes that are drawn vary together, at the place of the first one.
class Enumeration {
 public:
  /// `name` of the config, for messages. Throws ConfigError for axes that do not fit the sampler, and for
  /// more than most_trials points.
  Enumeration(const SweepSection& sweep, std::string name);

  std::size_t size() const { return size_; }
  /// For each axis the number of its value, of the draw for one that is drawn, or at_base.
  std::vector<std::size_t> at(std::size_t point) const;

 private:
  /// Axes that go on together.
  struct Factor {
    std::vector<std::size_t> axes;
    std::size_t size;
  };
  /// Every combination of some axes, the others at the config's values.
  struct Block {
    std::vector<Factor> factors;
    std::size_t size;
  };

  void check_sampler() const;
  std::vector<std::size_t> axes_of(const std::vector<std::string>& keys) const;
  void add_block(const std::vector<std::size_t>& axes);
  bool is_seeds(std::size_t axis) const;

  const SweepSection& sweep_;
  std::string name_;
  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace unroll
