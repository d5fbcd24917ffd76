#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/any_task.hpp"

namespace unroll::tracking_test {

using Symbols = std::vector<std::int64_t>;

inline std::unique_ptr<Task> tracking(const std::string& name, const std::string& variant = "",
                                      LengthRange length = {3, 40},
                                      const std::string& supervision = "every step") {
  TaskConfig config{.name = name, .variant = variant, .length = length};
  config.values["task.supervision"] = supervision;
  return standard_task(config);
}

/// The symbols of sequence b, read back from one-hot steps.
inline Symbols symbols_of(const Batch& batch, std::int64_t b) {
  const Tensor<float>& inputs = numbers(batch.inputs);
  const std::int64_t channels = inputs.shape()[2];
  Symbols symbols;
  bool one_hot = true;
  for (std::int64_t t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t) {
    const float* x = inputs.data() + (t * batch.rows() + b) * channels;
    one_hot =
        one_hot && std::count(x, x + channels, 1.f) == 1 && std::count(x, x + channels, 0.f) == channels - 1;
    symbols.push_back(std::find(x, x + channels, 1.f) - x);
  }
  REQUIRE(one_hot);
  return symbols;
}

inline std::int64_t class_at(const Batch& batch, std::int64_t t, std::int64_t b) {
  return indices(batch.target)[t * batch.rows() + b];
}

/// Calls f(symbols so far, the class asked for) at every step that counts, of either supervision.
template <class F>
void for_every_answer(const Task& task, const Batch& batch, const F& f) {
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    const Symbols all = symbols_of(batch, b);
    if (!task.spec().every_step()) {
      f(all, indices(batch.target)[b]);
      continue;
    }
    for (std::size_t t = 0; t < all.size(); ++t)
      if (batch.weight(static_cast<std::int64_t>(t), b) > 0)
        f(Symbols(all.begin(), all.begin() + static_cast<std::int64_t>(t) + 1),
          class_at(batch, static_cast<std::int64_t>(t), b));
  }
}

/// Checks each answer, in both ways of supervision and beyond the lengths of training.
template <class Oracle>
void check_answers(const std::string& name, const std::string& variant, const Oracle& oracle) {
  for (const std::string supervision : {"every step", "end"}) {
    CAPTURE(supervision);
    const auto task = tracking(name, variant, {3, 40}, supervision);
    std::int64_t answers = 0, wrong = 0;
    const auto check = [&](const Batch& batch) {
      for_every_answer(*task, batch, [&](const Symbols& read, std::int64_t answer) {
        ++answers;
        wrong += answer != oracle(read);
      });
    };
    check(training_batch(*task, 200));
    check(task->test_at(120, 20)->batch(0, 20));
    CHECK(answers >= 220);
    CHECK(wrong == 0);
  }
}

inline bool near(double found, double draws, double p) {
  return std::abs(found - draws * p) < 5 * std::sqrt(draws * p * (1 - p)) + 1e-9;
}

/// 5 standard deviations about the same count for each of `symbols` symbols at every step of equal sequences.
inline void check_uniform(const std::string& name, const std::string& variant, std::int64_t symbols) {
  CAPTURE(name);
  CAPTURE(variant);
  constexpr std::int64_t sequences = 6000, steps = 4;
  const auto task = tracking(name, variant, steps);
  const Batch batch = training_batch(*task, sequences);
  std::map<std::pair<std::size_t, std::int64_t>, double> counts;
  for (std::int64_t b = 0; b < sequences; ++b) {
    const Symbols read = symbols_of(batch, b);
    for (std::size_t t = 0; t < read.size(); ++t) ++counts[{t, read[t]}];
  }
  CHECK(counts.size() == static_cast<std::size_t>(steps * symbols));
  for (const auto& [place, count] : counts) CHECK(near(count, sequences, 1.0 / static_cast<double>(symbols)));
}

/// The loss of what knows the number of steps and the frequencies that it finds in samples: the trivial one.
inline double measured_trivial_loss(const Task& task, std::int64_t sequences) {
  std::map<std::size_t, std::map<std::int64_t, double>> counts;  // by steps
  for_every_answer(task, training_batch(task, sequences),
                   [&](const Symbols& read, std::int64_t answer) { ++counts[read.size()][answer]; });
  double nats = 0, answers = 0;
  for (const auto& [steps, classes] : counts) {
    double all = 0;
    for (const auto& [answer, count] : classes) all += count;
    for (const auto& [answer, count] : classes) nats -= count * std::log(count / all);
    answers += all;
  }
  return nats / answers;
}

}  // namespace unroll::tracking_test
