#pragma once

#include <string>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/records/record.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/studies/study.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

enum class Verdict { met, not_met, missing };
std::string_view verdict_name(Verdict verdict);

/// What came out of an expectation. A function of the records alone.
struct Judgement {
  std::string says, part, paper, band, measure;
  std::vector<double> values;  ///< of each trial (a contrast's: each pair) in the order of the plan
  double value = 0;            ///< what is held against the band: a statistic, a share, a rank correlation
  std::string ours;            ///< for people: "median 812 (650 to 1100, n = 3)"
  Verdict verdict = Verdict::missing;
  std::string note;  ///< why it is missing; what else to know
};

/// The trials of a part and what is known of them.
struct PartResult {
  std::string name;
  const SweepPlan* plan;
  const std::vector<TrialRecord>* records;
};

/// Holds what came out against what was expected. A trial that is missing or failed makes it `missing`; one
/// that diverged counts with what it recorded, and with infinity where it recorded nothing.
Judgement judge(const Laboratory& laboratory, const Expectation& expectation, const PartResult& part);

}  // namespace unroll
