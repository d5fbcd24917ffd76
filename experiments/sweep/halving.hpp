#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/config/document.hpp"
#include "experiments/records/record.hpp"

namespace unroll {

struct SweepPlan;

/// Synchronous successive halving (Jamieson & Talwalkar 2016): all points are trained to a first rung, the
/// best 1 / factor of them go on to `factor` times as many updates, and so on; the others are stopped. With
/// several brackets (Hyperband, Li et al. 2018) the points are shared out over starts at the first, second,
/// ... rung. A point goes on with all its seeds: its score is the median over them of the best validation
/// loss so far, that of a seed that diverged or failed being infinite.
struct Halving {
  std::int64_t first = 0;  ///< updates at the first rung
  std::int64_t factor = 3;
  std::int64_t brackets = 1;
  std::string origin = {};  ///< empty in one that was stored

  bool same_as(const Halving& other) const {
    return first == other.first && factor == other.factor && brackets == other.brackets;
  }
};

/// { first = 100, factor = 3, brackets = 1 }. Throws ConfigError.
Halving read_halving(const TomlDocument& document, const TomlNode& node, const std::string& origin);

/// The same as TOML.
std::string to_toml(const Halving& halving);

/// Throws ConfigError when its rungs do not fit the trials: a rung is a validation, and trials are compared
/// after equally many updates.
void check_halving(const SweepPlan& plan);

/// Points that are trained to so many updates, by bracket, from the first rung on.
struct Rung {
  std::size_t points;
  std::int64_t updates;
};
std::vector<std::vector<Rung>> rungs_of(const Halving& halving, std::size_t points, std::int64_t updates);
/// "27 points to 100 updates, 9 to 300, 3 to 900".
std::string to_text(const std::vector<Rung>& rungs);
/// Of the updates of all points trained to the end, those that are made.
double share_of_updates(const Halving& halving, std::size_t points, std::int64_t updates);

/// Null: the trial has none.
using RecordOf = std::function<const TrialRecord*(const std::string& id)>;

/// To how many updates each trial of the plan is to be trained as far as the records tell: to the end without
/// halving, else to the rung that its point has reached. A function of the plan and the records alone,
/// whatever the order in which these came.
std::vector<std::int64_t> targets_of(const SweepPlan& plan, const RecordOf& record_of);

/// Whether a record says all of a trial that was to be trained to `target` updates. A trial that was solved,
/// diverged or failed before is not trained on.
bool reaches(const TrialRecord& record, std::int64_t target);

}  // namespace unroll
