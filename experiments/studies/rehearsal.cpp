#include "experiments/studies/rehearsal.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "experiments/studies/groups.hpp"
#include "experiments/studies/measure.hpp"
#include "experiments/train/trial.hpp"

namespace unroll {
namespace {

constexpr std::int64_t few_sequences = 2;

/// Names follow from what is kept here, not from how much of it there is.
Config rehearsal_of(Config config) {
  TrainConfig& train = config.train;
  train.updates = train.validate_every = 1;
  train.batch = std::min(train.batch, few_sequences);
  train.batch_shards = 1;
  train.validation_sequences = std::min(train.validation_sequences, few_sequences);
  train.test_sequences = std::min(train.test_sequences, few_sequences);
  return config;
}

using Rehearsals = std::map<std::size_t, TrialRecord>;  ///< by trial

const TrialRecord& rehearsed(const Laboratory& laboratory, const SweepPlan& plan, std::size_t trial,
                             Rehearsals& done) {
  const auto known = done.find(trial);
  if (known != done.end()) return known->second;
  return done.emplace(trial, run_trial(laboratory, rehearsal_of(plan.trials[trial].config))).first->second;
}

}  // namespace

void rehearse(const Laboratory& laboratory, std::span<const Expectation> expectations,
              const SweepPlan& plan) {
  Rehearsals done;
  for (const Expectation& expectation : expectations) {
    std::vector<std::size_t> trials = {chosen(laboratory, expectation.where, plan).at(0)};
    if (expectation.against) trials.push_back(chosen(laboratory, expectation.against, plan).at(0));
    for (const std::size_t trial : trials) {
      try {
        require_measure(expectation.measure, rehearsed(laboratory, plan, trial, done));
      } catch (const std::out_of_range& error) {
        refuse(expectation, error.what());
      }
    }
  }
}

}  // namespace unroll
