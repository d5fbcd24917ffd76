#pragma once

#include <vector>

#include "experiments/train/trial.hpp"
#include "experiments/train/trial_timing.hpp"

namespace unroll {

/// Trials that cost the same.
struct CostedShape {
  Config config;  ///< of one of them
  TrialCost cost;
  double trials = 0;  ///< how many there are
};

/// How long trials take on this machine, told from a few updates of some of them.
class Calibration {
 public:
  /// Trains for about `seconds`, as many at once as the sweep will: those compete for memory and power.
  /// Of many shapes some are trained, spread over the work; the others are told from the nearest ones.
  Calibration(const Laboratory& laboratory, const std::vector<CostedShape>& shapes, int at_once,
              double seconds);

  double seconds_of(const CostedShape& shape) const;
  std::size_t measured() const { return measured_.size(); }

 private:
  struct Measured {
    std::string family;
    double work;  ///< FLOPs by update
    TrialTiming timing;
  };
  std::vector<Measured> measured_;
};

/// Seconds until the last of some trials is done, `at_once` at a time, the longest first.
double makespan(std::vector<double> seconds, int at_once);

}  // namespace unroll
