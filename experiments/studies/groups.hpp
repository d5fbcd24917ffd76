#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/studies/expectation.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// The trials that an expectation is about: indices in the plan, in its order.
using Group = std::vector<std::size_t>;

/// Those for which `where` holds; all where it is none.
Group chosen(const Laboratory& laboratory, const std::optional<Where>& where, const SweepPlan& plan);

/// Partners of a contrast: equal in everything but the keys in which the two groups differ.
struct Pair {
  std::size_t a, b;
};
/// Throws ConfigError where a trial has none.
std::vector<Pair> pairs_of(const Expectation& expectation, const SweepPlan& plan, const Group& a,
                           const Group& b);

/// Throws ConfigError, naming the expectation, where its `where` selects no trial of the plan, or trials that
/// differ in more than their seeds and what `over` names: statistics never mix what differs. Checked before
/// anything is trained, with no records.
void check_expectation(const Laboratory& laboratory, const Expectation& expectation, const SweepPlan& plan);

/// Throws ConfigError: what is wrong with an expectation, behind its place and what it says.
[[noreturn]] void refuse(const Expectation& expectation, const std::string& what);

}  // namespace unroll
