#include "experiments/sweep/halving.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/train/config.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::int64_t most_brackets = 20;

struct Member {
  std::string_view name;
  std::int64_t Halving::*field;
  std::int64_t least, most;
};
constexpr std::array<Member, 3> members = {{{"first", &Halving::first, 1, most_updates},
                                            {"factor", &Halving::factor, 2, 1000},
                                            {"brackets", &Halving::brackets, 1, most_brackets}}};

/// What all points of a plan have in common but the seed.
using GridPoint = std::vector<std::size_t>;  ///< indices of its trials

std::vector<GridPoint> points_of(const SweepPlan& plan) {
  std::map<std::map<std::string, std::string>, std::size_t> known;
  std::vector<GridPoint> points;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    auto axes = plan.trials[i].axes;
    axes.erase("seed");
    const auto [at, fresh] = known.try_emplace(std::move(axes), points.size());
    if (fresh) points.emplace_back();
    points[at->second].push_back(i);
  }
  return points;
}

/// Rungs of a bracket, the last one the end of training.
std::vector<std::int64_t> updates_of(const Halving& halving, std::size_t bracket, std::int64_t updates) {
  std::vector<std::int64_t> rungs;
  std::size_t number = 0;
  for (std::int64_t rung = halving.first; rung < updates; rung *= halving.factor, ++number) {
    if (number >= bracket) rungs.push_back(rung);
    if (rung > updates / halving.factor) break;
  }
  rungs.push_back(updates);
  return rungs;
}

/// Those that are of use: a bracket that starts at the end trains all of its points to the end, one is
/// enough.
std::size_t brackets_of(const Halving& halving, std::int64_t updates) {
  return std::min(static_cast<std::size_t>(halving.brackets), updates_of(halving, 0, updates).size());
}

std::size_t kept_of(std::size_t points, std::int64_t factor) {
  return std::max<std::size_t>(points / static_cast<std::size_t>(factor), 1);
}

/// How many of the points each bracket takes, in the proportions of Hyperband: so that each costs about the
/// same.
std::vector<std::size_t> shares_of(const Halving& halving, std::size_t points, std::int64_t updates) {
  const std::size_t brackets = brackets_of(halving, updates);
  const std::size_t rungs = updates_of(halving, 0, updates).size();
  std::vector<double> weights;
  for (std::size_t b = 0; b < brackets; ++b) {
    const auto left = static_cast<double>(rungs - b);
    weights.push_back(std::pow(static_cast<double>(halving.factor), left - 1) / left);
  }
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::size_t> shares;
  std::size_t given = 0;
  double sum = 0;
  for (const double weight : weights) {
    sum += weight;
    const auto until = static_cast<std::size_t>(std::lround(static_cast<double>(points) * sum / all));
    shares.push_back(until - given);
    given = until;
  }
  return shares;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  if (values.size() % 2 == 1) return values[half];
  return std::isinf(values[half]) ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Of the records at one rung.
class Ladder {
 public:
  Ladder(const SweepPlan& plan, const RecordOf& record_of, std::vector<std::int64_t>& targets)
      : plan_(plan), targets_(targets) {
    for (const Trial& trial : plan.trials) records_.push_back(record_of(trial.id));
  }

  void climb(std::vector<GridPoint> points, const std::vector<std::int64_t>& rungs) {
    for (const std::int64_t rung : rungs) {
      for (const GridPoint& point : points)
        for (const std::size_t trial : point) targets_[trial] = rung;
      if (rung == rungs.back() || !all_reach(points, rung)) return;
      points = best_of(std::move(points));
    }
  }

 private:
  bool all_reach(const std::vector<GridPoint>& points, std::int64_t rung) const {
    return std::ranges::all_of(points, [&](const GridPoint& point) {
      return std::ranges::all_of(
          point, [&](std::size_t i) { return records_[i] != nullptr && reaches(*records_[i], rung); });
    });
  }

  double score(const GridPoint& point) const {
    std::vector<double> losses;
    for (const std::size_t i : point) {
      const bool ended_well =
          records_[i]->status == TrialStatus::done || records_[i]->status == TrialStatus::stopped;
      const double loss = records_[i]->scalar("best_loss").value_or(std::numeric_limits<double>::infinity());
      losses.push_back(ended_well && !std::isnan(loss) ? loss : std::numeric_limits<double>::infinity());
    }
    return median(std::move(losses));
  }

  /// Of equally good ones those that stand first in the plan.
  std::vector<GridPoint> best_of(std::vector<GridPoint> points) const {
    std::ranges::stable_sort(points, {}, [&](const GridPoint& point) { return score(point); });
    points.resize(kept_of(points.size(), plan_.halving->factor));
    return points;
  }

  const SweepPlan& plan_;
  std::vector<std::int64_t>& targets_;
  std::vector<const TrialRecord*> records_;
};

}  // namespace

Halving read_halving(const TomlDocument& document, const TomlNode& node, const std::string& origin) {
  const auto refuse = [&](TomlPosition at, const std::string& what) {
    throw ConfigError(fmt::format("{}: halving: {}", at.line ? place(document.name, at) : origin, what));
  };
  Halving halving{.origin = origin};
  const auto* table = std::get_if<TomlTable>(&node.value);
  if (!table)
    refuse(node.at,
           fmt::format("expected a table like {{ first = 100, factor = 3 }}, found {}", describe(node)));
  for (const TomlMember& member : *table) {
    const auto known = std::ranges::find(members, member.key, &Member::name);
    if (known == members.end())
      refuse(member.at,
             fmt::format("unknown key \"{}\"; known are first, factor and brackets", printable(member.key)));
    const auto* value = std::get_if<std::int64_t>(&member.node.value);
    if (!value || *value < known->least || *value > known->most)
      refuse(member.at, fmt::format("{}: expected an integer from {} to {}, found {}", known->name,
                                    known->least, known->most, describe(member.node)));
    halving.*(known->field) = *value;
  }
  if (halving.first == 0) refuse(node.at, "expected `first`, the updates at the first rung");
  return halving;
}

std::string to_toml(const Halving& halving) {
  return fmt::format("{{ first = {}, factor = {}, brackets = {} }}", halving.first, halving.factor,
                     halving.brackets);
}

void check_halving(const SweepPlan& plan) {
  if (!plan.halving) return;
  const std::int64_t updates = plan.trials.front().config.train.updates;
  for (const Trial& trial : plan.trials) {
    const TrainConfig& train = trial.config.train;
    if (train.updates != updates)
      throw ConfigError(fmt::format(
          "{}: halving compares trials after equally many updates, but train.updates is {} and {}",
          plan.halving->origin, updates, train.updates));
    if (plan.halving->first % train.validate_every != 0)
      throw ConfigError(
          fmt::format("{}: halving compares validation losses: first = {} must be a multiple of "
                      "train.validate_every = {}",
                      plan.halving->origin, plan.halving->first, train.validate_every));
  }
  if (plan.halving->first >= updates)
    throw ConfigError(fmt::format("{}: halving: first = {} must be below train.updates = {}",
                                  plan.halving->origin, plan.halving->first, updates));
}

std::vector<std::vector<Rung>> rungs_of(const Halving& halving, std::size_t points, std::int64_t updates) {
  std::vector<std::vector<Rung>> brackets;
  const std::vector<std::size_t> shares = shares_of(halving, points, updates);
  for (std::size_t b = 0; b < shares.size(); ++b) {
    if (shares[b] == 0) continue;
    std::vector<Rung> rungs;
    std::size_t left = shares[b];
    for (const std::int64_t rung : updates_of(halving, b, updates)) {
      rungs.push_back({left, rung});
      left = kept_of(left, halving.factor);
    }
    brackets.push_back(std::move(rungs));
  }
  return brackets;
}

std::string to_text(const std::vector<Rung>& rungs) {
  std::vector<std::string> parts;
  for (const Rung& rung : rungs)
    parts.push_back(parts.empty() ? fmt::format("{} point{} to {} updates", rung.points,
                                                rung.points == 1 ? "" : "s", rung.updates)
                                  : fmt::format("{} to {}", rung.points, rung.updates));
  return fmt::format("{}", fmt::join(parts, ", "));
}

double share_of_updates(const Halving& halving, std::size_t points, std::int64_t updates) {
  double made = 0;
  for (const std::vector<Rung>& rungs : rungs_of(halving, points, updates)) {
    std::int64_t before = 0;
    for (const Rung& rung : rungs) {
      made += static_cast<double>(rung.points) * static_cast<double>(rung.updates - before);
      before = rung.updates;
    }
  }
  return points == 0 ? 1 : made / (static_cast<double>(points) * static_cast<double>(updates));
}

std::vector<std::int64_t> targets_of(const SweepPlan& plan, const RecordOf& record_of) {
  std::vector<std::int64_t> targets;
  for (const Trial& trial : plan.trials) targets.push_back(trial.config.train.updates);
  if (!plan.halving || plan.trials.empty()) return targets;
  const std::int64_t updates = targets.front();
  std::vector<GridPoint> points = points_of(plan);
  if (plan.halving->brackets > 1)  // neighbours in the plan are alike; ids, being hashes, mix them
    std::ranges::sort(points, {}, [&](const GridPoint& point) { return plan.trials[point.front()].id; });
  Ladder ladder(plan, record_of, targets);
  std::size_t bracket = 0;
  auto next = points.begin();
  for (const std::size_t share : shares_of(*plan.halving, points.size(), updates)) {
    const auto end = next + static_cast<std::ptrdiff_t>(share);
    if (share > 0) ladder.climb({next, end}, updates_of(*plan.halving, bracket, updates));
    ++bracket;
    next = end;
  }
  return targets;
}

bool reaches(const TrialRecord& record, std::int64_t target) {
  return record.status != TrialStatus::stopped || record.updates >= target;
}

}  // namespace unroll
