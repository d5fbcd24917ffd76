#pragma once

#include <cstdint>
#include <vector>

#include "experiments/instruments/state_map.hpp"

namespace unroll {

/// A state where the system without input stays, or nearly so.
struct SlowPoint {
  std::vector<double> s;
  double speed;            ///< q = ½‖F(s) − s‖²
  std::int64_t unstable;   ///< eigenvalues of ∂F/∂s there beyond 1 in magnitude
  double spectral_radius;  ///< of ∂F/∂s
  std::int64_t found = 1;  ///< from how many of the starts
};

struct FixedPointOptions {
  std::int64_t iterations = 2000;
  double rate = 0.01;      ///< of Adam
  double distance = 1e-3;  ///< points nearer than this, in the largest element, are one
  double slow = 1e-6;      ///< q of points that count
};

/// Minimises q from each row of `from` (Sussillo & Barak 2013), by Adam, whose rate falls to 1/1000, and then
/// by Newton's steps where these make q less. Falling by how many starts lead there.
std::vector<SlowPoint> slow_points(StateMap& map, const Tensor<double>& from,
                                   const FixedPointOptions& options = {});

}  // namespace unroll
