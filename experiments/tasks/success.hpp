#pragma once

#include <string>
#include <vector>

#include "experiments/objectives/objective.hpp"

namespace unroll {

/// A bound on a metric.
struct Condition {
  enum class Relation { below, at_most, above };

  std::string metric;
  Relation relation;
  double bound;
};

/// When a task counts as learned: all conditions hold on the validation set, and again on the test set.
struct SuccessRule {
  std::vector<Condition> conditions;
  std::string text;  ///< for people: "MSE below 0.0833 (half of the trivial 0.1667)"

  /// A metric that is NaN, or not there, holds nothing.
  bool holds(const MetricValues& values) const;
};

}  // namespace unroll
