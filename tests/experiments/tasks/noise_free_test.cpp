#include "experiments/tasks/noise_free.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> noise_free(std::int64_t p, const std::string& outputs) {
  TaskConfig config{.name = "noise_free", .length = p};
  config.values["task.outputs"] = outputs;
  return standard_task(config);
}

std::int64_t channel_on(const float* x, std::int64_t channels) {
  REQUIRE(std::count(x, x + channels, 1.f) == 1);
  REQUIRE(std::count(x, x + channels, 0.f) == channels - 1);
  return std::find(x, x + channels, 1.f) - x;
}

}  // namespace

TEST_CASE("[tasks] noise free: two sequences, equal but for the first symbol, which is the last one again") {
  for (const std::int64_t p : {2, 5, 30}) {
    const std::int64_t sequences = 400;
    const Batch numbered = training_batch(*noise_free(p, "logistic"), sequences);
    const Batch classed = training_batch(*noise_free(p, "softmax"), sequences);
    REQUIRE(shape_of(numbered.inputs) == Shape{p, sequences, p + 1});
    CHECK(same_bits(numbered.inputs, classed.inputs));
    std::int64_t of_y = 0;
    for (std::int64_t b = 0; b < sequences; ++b) {
      const auto read = [&](std::int64_t t) {
        return channel_on(numbers(numbered.inputs).data() + (t * sequences + b) * (p + 1), p + 1);
      };
      CHECK(read(0) < 2);
      of_y += read(0);
      for (std::int64_t t = 0; t < p; ++t) {
        const std::int64_t at = t * sequences + b;
        const std::int64_t asked = channel_on(numbers(numbered.target).data() + at * (p + 1), p + 1);
        if (t > 0) CHECK(read(t) == t + 1);
        CHECK(asked == (t + 1 < p ? read(t + 1) : read(0)));
        CHECK(indices(classed.target)[at] == asked);
      }
    }
    CHECK(std::abs(static_cast<double>(of_y) - 200) < 5 * 10);
  }
}

TEST_CASE("[tasks] noise free: the trivial loss is that of knowing all but the last symbol") {
  const std::int64_t p = 7, sequences = 4000;
  for (const std::string outputs : {"logistic", "softmax"}) {
    const auto task = noise_free(p, outputs);
    const Batch batch = training_batch(*task, sequences);
    Tensor<float> sure({p, sequences, p + 1}, -40.f);
    for (std::int64_t t = 0; t < p; ++t)
      for (std::int64_t b = 0; b < sequences; ++b) {
        float* y = sure.data() + (t * sequences + b) * (p + 1);
        if (t + 1 < p)
          y[t + 2] = 40;
        else
          y[0] = y[1] = 0;  // x or y
      }
    CHECK(judged(task->spec(), batch, sure).at("loss") ==
          doctest::Approx(task->trivial_loss()).epsilon(1e-5));
  }
}

TEST_CASE(
    "[tasks] noise free: an output off by a quarter is wrong, and what is judged is the largest error") {
  const auto task = noise_free(3, "logistic");
  const Batch batch = training_batch(*task, 10);
  const auto judged_with = [&](float error) {
    Tensor<float> outputs = numbers(batch.target);
    for (float& x : outputs.span()) x = x == 1 ? 10.f : -10.f;
    float& last = outputs[outputs.numel() - 1];  // of a symbol that cannot come: its target is 0
    last = logit(error);
    return judged(task->spec(), batch, outputs);
  };
  CHECK(judged_with(0.249f).at("error_rate") == 0);
  CHECK(judged_with(0.251f).at("error_rate") == doctest::Approx(1.0 / 30));
  CHECK(judged_with(0.251f).at("max_error") == doctest::Approx(0.251).epsilon(1e-5));
  CHECK(task->success().holds({{"error_rate", 0}}));
  CHECK_FALSE(task->success().holds({{"error_rate", 0.0001}}));
}
