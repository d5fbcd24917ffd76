#pragma once

#include <boost/random/sobol.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/sweep/sampler.hpp"

namespace unroll {

/// Points of the unit cube, any of them at any time: functions of the sampler's seed, their number and the
/// axes' keys, the same on every machine.
///
/// random: each number from a stream of its own, so that what is drawn for one axis does not depend on the
/// others. sobol: Sobol's sequence from its beginning, whose first 2^n points are spread evenly; the seed's
/// bits are added to its digits without carry, which keeps that and leaves no point at 0.
class Draws {
 public:
  Draws(const Sampler& sampler, std::vector<std::string> keys);

  /// From 0 to below 1, one number for each key.
  std::vector<double> at(std::size_t point);

 private:
  std::vector<double> random(std::size_t point) const;
  std::vector<double> sobol(std::size_t point);

  std::uint64_t seed_;
  std::vector<std::uint32_t> streams_;  ///< one for each key
  std::vector<std::uint64_t> shifts_;
  std::optional<boost::random::sobol> sequence_;  ///< none of random ones
};

}  // namespace unroll
