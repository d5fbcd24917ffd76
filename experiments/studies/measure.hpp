#pragma once

#include "experiments/records/record.hpp"
#include "experiments/studies/expectation.hpp"

namespace unroll {

/// What a record says. A trial that diverged or was no success may lack it: then infinity. Throws
/// std::out_of_range, naming what the record has, where a trial that is done has no such scalar or series.
double measured(const Measure& measure, const TrialRecord& record);

/// Throws the same where a trial of one update (studies/rehearsal.hpp) shows that no record will have such a
/// scalar or series. Of a series over updates, and of looks after more of them, the name alone can be told.
void require_measure(const Measure& measure, const TrialRecord& rehearsal);

}  // namespace unroll
