#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "tests/experiments/train/training.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

struct Losses {
  double first_update, validation;
};

/// Of sequences of 3 to 20 steps.
Losses losses_of(const std::string& task, const std::string& supervision, bool bidirectional, bool pack) {
  Config config = laboratory().default_config();
  config.task = {.name = task, .length = LengthRange{3, 20}};
  config.task.values["task.supervision"] = supervision;
  laboratory().resolve(config);
  config.model.hidden = 8;
  config.model.bidirectional = bidirectional;
  config.train.batch = 12;
  config.train.validation_sequences = 230;  // a last batch that is smaller
  config.train.pack = pack;
  Training training(config);
  const double validation = training.validate().loss();
  return {training.update(0), validation};
}

}  // namespace

TEST_CASE(
    "[train] sequences of different lengths have the same losses whether they share rows or are padded") {
  for (const std::string task : {"parity", "modular_arithmetic"})
    for (const std::string supervision : {"every step", "end"})
      for (const bool bidirectional : {false, true}) {
        CAPTURE(task);
        CAPTURE(supervision);
        CAPTURE(bidirectional);
        const Losses packed = losses_of(task, supervision, bidirectional, true);
        const Losses padded = losses_of(task, supervision, bidirectional, false);
        CHECK(std::isfinite(packed.validation));
        CHECK(padded.first_update == doctest::Approx(packed.first_update).epsilon(1e-5));
        CHECK(padded.validation == doctest::Approx(packed.validation).epsilon(1e-5));
      }
}
