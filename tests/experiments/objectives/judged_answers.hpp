#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "models/packing.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"
#include "tests/support/random_tensor.hpp"

namespace unroll::objective_test {

/// What a batch is made of, and how it stands in memory.
struct Setup {
  TargetKind target = TargetKind::classes;
  std::vector<std::int64_t> lengths;
  std::int64_t outputs = 3;
  bool every_step = true;
  bool weights = false;
  bool packed = false;
};

/// A batch with outputs of a model for it. Behind the sequences' ends stand NaN: whoever reads them is found.
struct Judged {
  Setup setup;
  Batch batch;
  Tensor<float> outputs;  ///< (T, B, outputs), or (B, outputs)
};

/// Steps of `batch` that have an answer.
inline std::vector<std::int64_t> answered_steps(const Setup& setup, std::size_t b) {
  std::vector<std::int64_t> steps;
  for (std::int64_t t = setup.every_step ? 0 : setup.lengths[b] - 1; t < setup.lengths[b]; ++t)
    steps.push_back(t);
  return steps;
}

/// Targets of number kind are 0 or 1 where `yes_or_no`.
inline Judged random_answers(const Setup& setup, std::uint64_t seed, bool yes_or_no = false) {
  Stream stream(seed, Purpose::check);
  std::vector<Sequence> all;
  for (const std::int64_t length : setup.lengths) {
    const Shape each = setup.every_step ? Shape{length} : Shape{};
    Sequence one{Tensor<float>({length, 1}), Tensor<std::int64_t>(each)};
    if (setup.target == TargetKind::labels) {
      Tensor<std::int64_t> labels({2}, no_label);
      for (std::int64_t l = 0; l < std::min<std::int64_t>(length, 2); ++l) labels[l] = (length + l) % 2;
      one.target = std::move(labels);
    } else if (setup.target == TargetKind::classes) {
      for (auto& c : std::get<Tensor<std::int64_t>>(one.target).span()) c = stream.below(setup.outputs);
    } else {
      Shape shape = each;
      shape.push_back(setup.outputs);
      Tensor<float> numbers(shape);
      for (float& x : numbers.span())
        x = yes_or_no ? static_cast<float>(stream.below(2)) : static_cast<float>(2 + 3 * stream.normal());
      one.target = std::move(numbers);
    }
    if (setup.weights) {
      one.weights.emplace(Shape{length});
      // Some steps count nothing; the last one does.
      for (float& w : one.weights->span())
        w = stream.below(3) == 0 ? 0 : static_cast<float>(stream.uniform(0.1, 2));
      (*one.weights)[length - 1] = 1.5f;
    }
    all.push_back(std::move(one));
  }
  Batch batch = collate(all, setup.every_step);
  const Shape shape = setup.every_step ? Shape{batch.steps(), batch.rows(), setup.outputs}
                                       : Shape{batch.rows(), setup.outputs};
  Tensor<float> outputs(shape, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t b = 0; b < setup.lengths.size(); ++b)
    for (const std::int64_t t : answered_steps(setup, b))
      for (std::int64_t o = 0; o < setup.outputs; ++o) {
        const auto row = static_cast<std::int64_t>(b);
        const std::int64_t at = setup.every_step ? t * batch.rows() + row : row;
        outputs[at * setup.outputs + o] = static_cast<float>(2 * stream.normal());
      }
  return {setup, std::move(batch), std::move(outputs)};
}

/// One answer in doubles, as a reader of the definitions wants it.
struct Answer {
  std::int64_t sequence, from_end;  ///< steps back from the last one
  double weight;
  std::vector<double> outputs, target;  ///< of class kind: the class
};

/// Those that count.
inline std::vector<Answer> answers_of(const Judged& all) {
  std::vector<Answer> answers;
  const std::int64_t n = all.setup.outputs, rows = all.batch.rows();
  for (std::size_t b = 0; b < all.setup.lengths.size(); ++b)
    for (const std::int64_t t : answered_steps(all.setup, b)) {
      const auto row = static_cast<std::int64_t>(b);
      const std::int64_t at = all.setup.every_step ? t * rows + row : row;
      Answer one{row, all.setup.lengths[b] - 1 - t, static_cast<double>(all.batch.weight(t, row)), {}, {}};
      if (one.weight == 0) continue;
      for (std::int64_t o = 0; o < n; ++o)
        one.outputs.push_back(static_cast<double>(all.outputs[at * n + o]));
      if (all.setup.target == TargetKind::classes)
        one.target.push_back(static_cast<double>(indices(all.batch.target)[at]));
      else
        for (std::int64_t o = 0; o < n; ++o)
          one.target.push_back(static_cast<double>(numbers(all.batch.target)[at * n + o]));
      answers.push_back(std::move(one));
    }
  return answers;
}

/// What the objective itself says of it, padded or packed.
inline MetricValues metrics_of(const Objective& objective, const Criterion& criterion, const Judged& all) {
  Layout layout{.rows = all.batch.rows(), .every_step = all.setup.every_step};
  if (!all.setup.packed || !all.setup.every_step)
    return values_of(objective, criterion,
                     tally_of(objective, criterion, all.batch, layout, all.outputs, all.batch.target));
  const Packing packing = pack(all.batch.lengths);
  layout.packing = &packing;
  const Values target =
      std::visit([&](const auto& t) -> Values { return pack_steps(packing, t); }, all.batch.target);
  return values_of(
      objective, criterion,
      tally_of(objective, criterion, all.batch, layout, pack_steps(packing, all.outputs), target));
}

/// Setups that differ in what a metric could get wrong: padding, packing, weights, only the last step.
inline std::vector<Setup> setups(TargetKind target, std::int64_t outputs) {
  std::vector<Setup> all;
  for (const std::vector<std::int64_t>& lengths :
       std::vector<std::vector<std::int64_t>>{{6, 6, 6, 6}, {1, 9, 3, 2, 5, 9}})
    for (const bool every_step : {true, false})
      for (const bool weights : {false, true})
        for (const bool packed : {false, true})
          all.push_back({target, lengths, outputs, every_step, weights, packed});
  return all;
}

/// Weighted mean of f(answer).
template <class F>
double weighted_mean(const std::vector<Answer>& answers, const F& f) {
  double sum = 0, weight = 0;
  for (const Answer& one : answers) {
    sum += one.weight * f(one);
    weight += one.weight;
  }
  return sum / weight;
}

/// Checks the four metrics of right and wrong answers: `right(answer)` says which.
template <class Right>
void check_accuracies(const MetricValues& values, const Criterion& criterion, const Judged& all,
                      const Right& right) {
  double judged = 0, wrong = 0;
  std::vector<bool> wrong_sequences(all.setup.lengths.size());
  for (const Answer& one : answers_of(all)) {
    if (criterion.step_from_end && one.from_end != *criterion.step_from_end) continue;
    judged += 1;
    if (right(one)) continue;
    wrong += 1;
    wrong_sequences[static_cast<std::size_t>(one.sequence)] = true;
  }
  REQUIRE(judged > 0);
  CHECK(values.at("error_rate") == doctest::Approx(wrong / judged).epsilon(1e-12));
  CHECK(values.at("accuracy") == doctest::Approx(1 - wrong / judged).epsilon(1e-12));
  CHECK(values.contains("sequence_error_rate") == criterion.sequences);
  if (!criterion.sequences) return;
  const double share = static_cast<double>(std::ranges::count(wrong_sequences, true)) /
                       static_cast<double>(wrong_sequences.size());
  CHECK(values.at("sequence_error_rate") == doctest::Approx(share).epsilon(1e-12));
  CHECK(values.at("sequence_accuracy") == doctest::Approx(1 - share).epsilon(1e-12));
}

}  // namespace unroll::objective_test
