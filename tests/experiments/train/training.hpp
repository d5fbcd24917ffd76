#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments/train/non_finite.hpp"
#include "experiments/train/trainer.hpp"
#include "tests/support/error_of.hpp"
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

/// What is said of a config that cannot be trained.
inline std::string training_refusal(const Config& config) {
  return error_of<std::invalid_argument>([&] { Training training(config); });
}

/// Each parameter after so many updates.
inline std::vector<std::vector<float>> parameters_after(const Config& config, std::int64_t updates) {
  Training training(config);
  for (std::int64_t n = 0; n < updates; ++n) CHECK(std::isfinite(training.update(n)));
  std::vector<std::vector<float>> all;
  for (const Tensor<float>& p : training.trainer.parameters())
    all.emplace_back(p.span().begin(), p.span().end());
  return all;
}

}  // namespace unroll::test
