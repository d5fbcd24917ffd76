#include <doctest/doctest.h>

#include <cmath>

#include "tests/experiments/tasks/task_laws.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;
using namespace unroll::task_laws;

TEST_CASE("[tasks] narma10's targets follow from its inputs by the recursion") {
  const auto task = standard_task(any_task("narma10", "standard", 120));
  const double deviation = task->spec().criterion.units.front();
  const Batch batch = training_batch(*task, 3);
  // The mean is what the scaled series is 0 at: found from the first target, which is 0.1 for any input.
  const double mean = 0.1 - deviation * static_cast<double>(numbers(batch.target)[0]);
  CHECK(mean == doctest::Approx(0.39).epsilon(0.05));
  CHECK(deviation == doctest::Approx(0.11).epsilon(0.1));
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    std::vector<double> u(10), y(10);  // before the sequence both are 0
    for (std::int64_t t = 0; t < batch.steps(); ++t) {
      u.push_back(0.25 +
                  0.5 / std::sqrt(12.0) * static_cast<double>(numbers(batch.inputs)[t * batch.rows() + b]));
      CHECK(u.back() >= -1e-6);
      CHECK(u.back() <= 0.5 + 1e-6);
      double sum = 0;
      for (std::size_t i = 1; i <= 10; ++i) sum += y[y.size() - i];
      y.push_back(0.3 * y.back() + 0.05 * y.back() * sum + 1.5 * u[u.size() - 10] * u.back() + 0.1);
      const double asked =
          mean + deviation * static_cast<double>(numbers(batch.target)[t * batch.rows() + b]);
      CHECK(asked == doctest::Approx(y.back()).epsilon(1e-4));
      CHECK(batch.weight(t, b) == (t < 30 ? 0 : 1));
    }
  }
}

TEST_CASE("[tasks] a linear filter gets as far at narma10 as is known") {
  const auto task = standard_task(any_task("narma10", "standard", 60));
  CHECK(std::sqrt(task->trivial_loss()) > 0.36);
  CHECK(std::sqrt(task->trivial_loss()) < 0.46);
  CHECK(refusal(any_task("narma10", "standard", 20)) ==
        "task.length: narma10 (standard) needs a length of at least 31, got 20: the first 30 steps count "
        "nothing");
}
