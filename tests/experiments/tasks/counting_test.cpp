#include "experiments/tasks/counting.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> counting(const std::string& variant, LengthRange n) {
  return standard_task({.name = "counting", .variant = variant, .length = n});
}

/// a^n b^n (c^n), with an end.
std::string whole(std::int64_t letters, std::int64_t n) {
  std::string all;
  for (std::int64_t k = 0; k < letters; ++k) all += std::string(static_cast<std::size_t>(n), "abc"[k]);
  return all + '$';
}

/// What may come behind a start: what does in any string of the language that starts so.
std::set<char> may_follow(std::int64_t letters, const std::string& read) {
  std::set<char> all;
  for (std::int64_t n = 1; n <= static_cast<std::int64_t>(read.size()) + 1; ++n) {
    const std::string one = whole(letters, n);
    if (one.size() > read.size() && one.starts_with(read)) all.insert(one[read.size()]);
  }
  return all;
}

}  // namespace

TEST_CASE("[tasks] counting: a start, then the letters, and what may come in the whole language") {
  for (const std::int64_t letters : {2, 3}) {
    const auto task = counting(letters == 2 ? "anbn" : "anbncn", {1, 12});
    const std::string outputs = letters == 2 ? "ab$" : "abc$", inputs = letters == 2 ? "^ab" : "^abc";
    const std::int64_t channels = letters + 1;
    const Batch batch = training_batch(*task, 200);
    std::map<std::int64_t, int> seen;
    for (std::int64_t b = 0; b < batch.rows(); ++b) {
      const std::int64_t steps = batch.lengths[static_cast<std::size_t>(b)], n = (steps - 1) / letters;
      ++seen[n];
      REQUIRE(steps == letters * n + 1);
      const std::string expected = '^' + whole(letters, n);
      for (std::int64_t t = 0; t < steps; ++t) {
        const std::int64_t at = (t * batch.rows() + b) * channels;
        const std::set<char> next = may_follow(letters, expected.substr(1, static_cast<std::size_t>(t)));
        for (std::int64_t k = 0; k < channels; ++k) {
          const auto i = static_cast<std::size_t>(k);
          CHECK(numbers(batch.inputs)[at + k] == float(inputs[i] == expected[static_cast<std::size_t>(t)]));
          CHECK(numbers(batch.target)[at + k] == float(next.contains(outputs[i])));
        }
      }
    }
    CHECK(seen.size() == 12);
    CHECK(task->test_at(500, 2)->batch(0, 2).steps() == 500 * letters + 1);
  }
}

TEST_CASE(
    "[tasks] counting: the trivial loss is that of each output's frequency, solved when none is wrong") {
  for (const std::string variant : {"anbn", "anbncn"})
    for (const LengthRange n : {LengthRange{1, 10}, LengthRange{4}}) {
      const auto task = counting(variant, n);
      const Batch batch = training_batch(*task, 20000);
      const std::int64_t outputs = task->spec().output_size;
      std::vector<double> yes(static_cast<std::size_t>(outputs));
      double steps = 0;
      for (std::int64_t b = 0; b < batch.rows(); ++b)
        for (std::int64_t t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t, ++steps)
          for (std::int64_t k = 0; k < outputs; ++k)
            yes[static_cast<std::size_t>(k)] +=
                static_cast<double>(numbers(batch.target)[(t * batch.rows() + b) * outputs + k]);
      double nats = 0;
      for (const double count : yes) {
        const double p = count / steps;
        nats -= (p * std::log(p) + (1 - p) * std::log(1 - p)) / static_cast<double>(outputs);
      }
      CHECK(nats == doctest::Approx(task->trivial_loss()).epsilon(0.005));
      CHECK(task->success().holds({{"sequence_error_rate", 0}}));
      CHECK_FALSE(task->success().holds({{"sequence_error_rate", 0.001}}));
    }
}
