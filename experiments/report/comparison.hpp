#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/report/paired.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// One of two sets of trials that are compared.
struct ComparedSet {
  std::vector<Trial> trials;
  std::vector<TrialRecord> records;
  std::vector<std::string> axis_keys;  ///< in the order in which its sweep has them
  std::set<std::string> conflicts;     ///< ids of trials whose records disagree: they are not compared
};

/// A setting that has one value in each set, and not the same: what is compared.
struct SettingDifference {
  std::string key;
  std::string a, b;  ///< "–" where the trials of a set have no such setting
};

/// Two trials that agree in all else, with their results.
struct TrialPair {
  const TrialRecord* a;
  const TrialRecord* b;
};

/// Pairs that differ by their seeds alone.
struct PairedConfiguration {
  std::vector<std::string> values;  ///< of the shared keys
  std::vector<TrialPair> pairs;
};

struct UnpairedTrial {
  std::size_t set;  ///< 0: of A, 1: of B
  std::string id;
  std::vector<std::string> values;  ///< of the shared keys
  std::string seed;                 ///< "–" where no trial's seed differs
  std::string reason;
};

/// The trials of two sets, paired by every setting that they share.
struct PairedSets {
  std::vector<SettingDifference> differences;
  std::vector<std::string> shared;  ///< keys beside the seed with more than one value
  std::vector<PairedConfiguration> configurations;
  std::vector<UnpairedTrial> unpaired;
};

/// Both sets must outlive the result.
PairedSets paired_sets(const Laboratory& laboratory, const ComparedSet& a, const ComparedSet& b);

/// One figure of one configuration's pairs, or of all. Differences are B - A.
struct ComparedFigure {
  std::string metric;          ///< "best_loss", "test_accuracy", "solved_at", "success"
  std::size_t pairs = 0;       ///< in which it is known who is better, or that neither is
  std::optional<double> a, b;  ///< medians; of "success" how many succeeded
  std::optional<PairedDifference> difference;
  std::size_t b_better = 0, ties = 0, a_better = 0;
  double p = 1;                           ///< sign test; of "success" McNemar's exact test
  std::optional<std::size_t> more_seeds;  ///< beside these, for 80 % power if the effect is as seen
};

/// What is not compared although both have it, since it means something else in A than in B: a sentence for
/// each unit or rule of success.
std::vector<std::string> left_out(const PairedSets& sets);

/// The lowest validation loss, what the test set says, updates to success and success, but for what
/// left_out() says.
std::vector<ComparedFigure> compared_figures(const std::vector<TrialPair>& pairs);

/// Over all configurations only signs are counted: their differences are of different things.
std::vector<ComparedFigure> compared_signs(const PairedSets& sets);

}  // namespace unroll
