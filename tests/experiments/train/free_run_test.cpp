#include "experiments/train/free_run.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "experiments/train/trial.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;

namespace {

/// h' = W x + U h of one unit, read as it is.
SequenceModel linear() {
  const auto make = [](std::int64_t size) {
    return make_cell("cell line\nstate h\nh' = W x + U h\n", {size, 1, "tanh", {}});
  };
  return {make, 1, {.state_readout = true}, 1, Readout::every_step};
}

}  // namespace

TEST_CASE("[train] a model on its own reads the warm-up, then its last answer: by hand for a linear one") {
  const SequenceModel model = linear();
  const std::vector<Tensor<float>> parameters(2, Tensor<float>({1, 1}, 0.5f));  // W and U
  FreeRun how{.warm_up = Tensor<float>({3, 2, 1}), .steps = 5};
  for (std::int64_t i = 0; i < 6; ++i) how.warm_up[i] = static_cast<float>(i);
  const Tensor<float> answers = run_freely(model, parameters, how);
  REQUIRE(answers.shape() == Shape{5, 2, 1});
  for (std::int64_t b = 0; b < 2; ++b) {
    float h = 0;
    for (std::int64_t t = 0; t < 3; ++t) h = 0.5f * static_cast<float>(2 * t + b) + 0.5f * h;
    for (std::int64_t t = 0; t < 5; ++t) {
      CHECK(answers[t * 2 + b] == doctest::Approx(h));
      h = 0.5f * h + 0.5f * h;
    }
  }
}

TEST_CASE("[train] a trial on a chaotic system has its free run's figures, without one there are none") {
  Config config = laboratory().default_config();
  config.task = {.name = "lorenz63", .length = 30};
  config.model.hidden = 8;
  config.train.updates = 3;
  config.train.validation_sequences = config.train.test_sequences = 10;
  config.task.values["task.free_steps"] = std::int64_t{60};
  const auto figure = [&](const std::string& name) {
    Config resolved = config;
    laboratory().resolve(resolved);
    return run_trial(laboratory(), resolved).scalar(name);
  };
  REQUIRE(figure("free_D_stsp"));
  CHECK(*figure("free_D_stsp") > 0);
  REQUIRE(figure("free_valid_time"));
  CHECK(*figure("free_valid_time") < 60 * 0.03 * 1.1);
  config.task.values["task.free_steps"] = std::int64_t{0};
  CHECK_FALSE(figure("free_D_stsp"));
}
