#pragma once

#include <string>
#include <vector>

#include "experiments/sweep/plan.hpp"
#include "experiments/records/record.hpp"

namespace unroll {

/// For every text that trials of a plan learn from: what n-grams reach on it, beside the best of the trials,
/// in nats, bits and perplexity per token; and of a text of the user's, which share of the tokens of its
/// validation and test parts is "<unk>", outside the vocabulary or written so. Empty where no task has a
/// text.
std::string baseline_tables(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
