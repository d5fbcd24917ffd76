#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "experiments/report/axes.hpp"
#include "experiments/report/comparison.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/sweep/trial_axes.hpp"

namespace unroll {
namespace {

constexpr std::string_view seed_key = "seed";
constexpr std::array<const char*, 2> set_names = {"A", "B"};

using Values = std::vector<std::string>;

/// Both sets as one plan: its axes are all that tells any two of the trials apart.
class Pairing {
 public:
  Pairing(const Laboratory& laboratory, const ComparedSet& a, const ComparedSet& b) : sets_{&a, &b} {
    Values swept = a.axis_keys;
    for (const std::string& key : b.axis_keys)
      if (std::ranges::find(swept, key) == swept.end()) swept.push_back(key);
    joint_.trials = a.trials;
    joint_.trials.insert(joint_.trials.end(), b.trials.begin(), b.trials.end());
    derive_axes(laboratory, joint_, swept);
    for (const std::string& key : joint_.axis_keys) sort_in(key);
    for (std::size_t set = 0; set < 2; ++set)
      for (const TrialRecord& record : sets_[set]->records) runs_[set].emplace(record.id, &record);
  }

  PairedSets result() {
    std::map<Values, const Trial*> of_b;
    for (const Trial& trial : trials(1)) of_b.emplace(place_of(trial), &trial);
    for (const Trial& trial : trials(0)) {
      const auto other = of_b.find(place_of(trial));
      if (other == of_b.end()) {
        leave(0, trial, why_alone(0, trial));
      } else {
        pair(trial, *other->second);
        of_b.erase(other);
      }
    }
    for (const Trial& trial : trials(1))
      if (const auto left = of_b.find(place_of(trial)); left != of_b.end() && left->second == &trial)
        leave(1, trial, why_alone(1, trial));
    return std::move(result_);
  }

 private:
  std::span<const Trial> trials(std::size_t set) const {
    const std::size_t first = sets_[0]->trials.size();
    const std::span<const Trial> all = joint_.trials;
    return set == 0 ? all.first(first) : all.subspan(first);
  }

  /// Whether a key is what is compared, or one by which is paired.
  void sort_in(const std::string& key) {
    std::array<std::set<std::string>, 2> values;
    for (std::size_t set = 0; set < 2; ++set)
      for (const Trial& trial : trials(set)) values[set].insert(axis_value(trial, key));
    if (key == seed_key) {
      seeds_ = values;  // never what is compared: another seed tells nothing
    } else if (values[0].size() > 1 || values[1].size() > 1) {
      result_.shared.push_back(key);
      values_.push_back(values);
    } else if (values[0] != values[1]) {
      result_.differences.push_back({key, *values[0].begin(), *values[1].begin()});
    }
  }

  Values values_of(const Trial& trial) const {
    Values values;
    for (const std::string& key : result_.shared) values.push_back(axis_value(trial, key));
    return values;
  }

  std::string seed_of(const Trial& trial) const {
    return seeds_ ? axis_value(trial, std::string(seed_key)) : absent_value;
  }

  Values place_of(const Trial& trial) const {
    Values place = values_of(trial);
    place.push_back(seed_of(trial));
    return place;
  }

  const TrialRecord* run_of(std::size_t set, const Trial& trial) const {
    const auto found = runs_[set].find(trial.id);
    return found == runs_[set].end() ? nullptr : found->second;
  }

  void leave(std::size_t set, const Trial& trial, std::string reason) {
    result_.unpaired.push_back({set, trial.id, values_of(trial), seed_of(trial), std::move(reason)});
  }

  std::string why_alone(std::size_t set, const Trial& trial) const {
    const std::size_t other = 1 - set;
    for (std::size_t i = 0; i < result_.shared.size(); ++i)
      if (const std::string value = axis_value(trial, result_.shared[i]); !values_[i][other].contains(value))
        return fmt::format("{}={} is only in {}", result_.shared[i], value, set_names[set]);
    if (seeds_ && !(*seeds_)[other].contains(seed_of(trial)))
      return fmt::format("seed={} is only in {}", seed_of(trial), set_names[set]);
    return fmt::format("{} has no trial with these values together", set_names[other]);
  }

  /// "" where it is one to compare.
  std::string objection(std::size_t set, const Trial& trial) const {
    const TrialRecord* run = run_of(set, trial);
    if (run == nullptr) return fmt::format("its trial in {} is not finished", set_names[set]);
    if (!has_result(run)) return fmt::format("its trial in {} failed", set_names[set]);
    if (sets_[set]->conflicts.contains(trial.id))
      return fmt::format("the records of its trial in {} disagree", set_names[set]);
    return "";
  }

  /// What the search stopped is compared with what it stopped after as many updates.
  static std::string unequal_lengths(const TrialRecord& a, const TrialRecord& b) {
    const bool stopped = a.status == TrialStatus::stopped || b.status == TrialStatus::stopped;
    if (!stopped || a.updates == b.updates) return "";
    return fmt::format("the search stopped one of the two: {} updates in A, {} in B", a.updates, b.updates);
  }

  void pair(const Trial& a, const Trial& b) {
    std::string reason = objection(0, a);
    if (reason.empty()) reason = objection(1, b);
    if (reason.empty()) reason = unequal_lengths(*run_of(0, a), *run_of(1, b));
    if (!reason.empty()) return leave(0, a, std::move(reason));
    const Values values = values_of(a);
    const auto [at, is_new] = index_.try_emplace(values, result_.configurations.size());
    if (is_new) result_.configurations.push_back({values, {}});
    result_.configurations[at->second].pairs.push_back({run_of(0, a), run_of(1, b)});
  }

  std::array<const ComparedSet*, 2> sets_;
  SweepPlan joint_;
  std::array<std::unordered_map<std::string, const TrialRecord*>, 2> runs_;
  std::vector<std::array<std::set<std::string>, 2>> values_;  ///< of each shared key, in A and in B
  std::optional<std::array<std::set<std::string>, 2>> seeds_;
  std::map<Values, std::size_t> index_;
  PairedSets result_;
};

}  // namespace

PairedSets paired_sets(const Laboratory& laboratory, const ComparedSet& a, const ComparedSet& b) {
  return Pairing(laboratory, a, b).result();
}

}  // namespace unroll
