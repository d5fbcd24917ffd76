#pragma once

#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/report/published.hpp"
#include "experiments/studies/study.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// What a study's expectations of one part give as numbers of the paper (`published`), for the plots of that
/// part's report: with the trials that each is about.
std::vector<PublishedValue> published_values(const Laboratory& laboratory, const Study& study,
                                             const StudyPart& part, const SweepPlan& plan);

}  // namespace unroll
