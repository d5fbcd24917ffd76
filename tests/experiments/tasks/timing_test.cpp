#include "experiments/tasks/timing.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

/// Steps at which a sequence of one channel is 1; elsewhere it must be 0.
std::vector<std::int64_t> spikes(const Tensor<float>& values, std::int64_t rows, std::int64_t b) {
  std::vector<std::int64_t> all;
  for (std::int64_t t = 0; t < values.shape()[0]; ++t) {
    const float x = values[t * rows + b];
    REQUIRE((x == 0 || x == 1));
    if (x == 1) all.push_back(t);
  }
  return all;
}

std::unique_ptr<Task> timing(std::int64_t length) {
  return standard_task({.name = "timing", .length = length});
}

}  // namespace

TEST_CASE("[tasks] timing: the third spike is as far behind the second as that behind the first") {
  for (const std::int64_t length : {5, 23, 150}) {
    std::set<std::int64_t> apart;
    const Batch batch = training_batch(*timing(length), 2000);
    for (std::int64_t b = 0; b < batch.rows(); ++b) {
      const auto in = spikes(numbers(batch.inputs), batch.rows(), b);
      const auto out = spikes(numbers(batch.target), batch.rows(), b);
      REQUIRE(in.size() == 2);
      REQUIRE(out.size() == 1);
      CHECK(out[0] - in[1] == in[1] - in[0]);
      apart.insert(in[1] - in[0]);
    }
    CHECK(*apart.begin() == length / 5);
    CHECK(*apart.rbegin() == 2 * length / 5);
    CHECK(static_cast<std::int64_t>(apart.size()) == 2 * length / 5 - length / 5 + 1);
  }
}

TEST_CASE("[tasks] timing: one step that is wrong makes a sequence wrong; the trivial loss is that of 1/T") {
  const auto task = timing(50);
  const Batch batch = training_batch(*task, 4);
  Tensor<float> outputs = right_outputs(task->spec(), batch);
  const auto wrong = [&] { return 4 * judged(task->spec(), batch, outputs).at("sequence_error_rate"); };
  CHECK(wrong() == 0);
  outputs[7 * 4 + 2] = -outputs[7 * 4 + 2];
  CHECK(wrong() == doctest::Approx(1));
  outputs.fill(logit(1 / 50.f));
  CHECK(judged(task->spec(), batch, outputs).at("loss") ==
        doctest::Approx(task->trivial_loss()).epsilon(1e-5));
  CHECK(task->success().holds({{"sequence_error_rate", 0.009}}));
  CHECK_FALSE(task->success().holds({{"sequence_error_rate", 0.01}}));
}
