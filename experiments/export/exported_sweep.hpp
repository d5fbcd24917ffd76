#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// What a format writes: a sweep as its folder holds it.
struct ExportedSweep {
  const Laboratory& laboratory;
  const SweepPlan& plan;
  const std::vector<TrialRecord>& records;  ///< of trials that are finished, in any order
  /// Also what may differ between two runs of one sweep: seconds, starts, hosts, builds, what began it and
  /// when. Without it equal records give equal bytes.
  bool timing = false;
};

/// Every setting of a trial by its key, in the order of the options table: numbers, booleans, texts and lists
/// of these. Seeds are numbers up to 2^53, texts beyond, since JSON's readers keep no more digits; a length
/// is a number, a range of lengths a text.
nlohmann::ordered_json settings_as_json(const Laboratory& laboratory, const Trial& trial);

}  // namespace unroll
