#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/sweep/schedule.hpp"

namespace unroll {

/// What a process claims at once: a trial, or several short ones that stand side by side in the plan, since a
/// claim costs two operations on files.
struct Unit {
  std::string name;               ///< the same in every process on the folder
  std::vector<std::size_t> jobs;  ///< those of its trials that this process would run
};

/// The units of `jobs`, in the order in which their first ones stand there. Which trials share a unit follows
/// from the plan alone, and stays when a little is added to it.
std::vector<Unit> units_of(const SweepPlan& plan, const std::vector<Job>& jobs, const CostFunction& cost);

}  // namespace unroll
