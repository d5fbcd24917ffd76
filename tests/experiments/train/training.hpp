#pragma once

#include <string>
#include <utility>

#include "experiments/train/non_finite.hpp"
#include "experiments/train/trainer.hpp"
#include "tests/support/laboratory.hpp"

namespace unroll::test {

/// A trial's models and its trainer, to be driven by hand.
struct Training {
  explicit Training(Config wanted) : config(std::move(wanted)) {}

  double update(std::int64_t n) { return trainer.update(n); }
  Evaluation validate() { return models.evaluator().evaluate(models.validation(), trainer.parameters()); }
  /// Where the last update first had a value that is not finite.
  std::string first_non_finite() const {
    return unroll::first_non_finite(laboratory().cells(), config, models.spec(), trainer.piece(), true,
                                    trainer.parameters(), trainer.steps());
  }

  Config config;
  TrialModels models{laboratory(), config};
  Trainer trainer{config, models};
};

}  // namespace unroll::test
