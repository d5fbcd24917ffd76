#include "experiments/tasks/success.hpp"

#include <algorithm>

namespace unroll {
namespace {

bool holds(const Condition& condition, double value) {
  switch (condition.relation) {
    case Condition::Relation::below:
      return value < condition.bound;
    case Condition::Relation::at_most:
      return value <= condition.bound;
    case Condition::Relation::above:
      return value > condition.bound;
  }
  return false;
}

}  // namespace

bool SuccessRule::holds(const MetricValues& values) const {
  return std::ranges::all_of(conditions, [&](const Condition& condition) {
    const auto found = values.find(condition.metric);
    return found != values.end() && unroll::holds(condition, found->second);
  });
}

}  // namespace unroll
