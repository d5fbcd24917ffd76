#pragma once

#include "experiments/records/record.hpp"
#include "experiments/studies/expectation.hpp"

namespace unroll {

/// What a record says. A trial that diverged or was no success may lack it: then infinity. Throws
/// std::out_of_range, naming what the record has, where a trial that is done has no such scalar or series.
double measured(const Measure& measure, const TrialRecord& record);

}  // namespace unroll
