#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unroll {

/// Logarithms of the probabilities of K outputs at each of T steps, of which the last one is the blank.
struct StepScores {
  std::int64_t outputs = 0;
  std::vector<double> logs;  ///< (T, K)

  /// Of logits (T, K).
  StepScores(std::span<const float> logits, std::int64_t outputs);

  std::int64_t steps() const { return static_cast<std::int64_t>(logs.size()) / outputs; }
  std::int64_t blank() const { return outputs - 1; }
  double at(std::int64_t step, std::int64_t output) const {
    return logs[static_cast<std::size_t>(step * outputs + output)];
  }
};

/// The labels of the likeliest path: a quick answer, which no other path of the same labels counts for.
std::vector<std::int64_t> greedy_labels(const StepScores& scores);

/// The likeliest labels among the `width` beginnings that are kept at each step, each with all of its paths
/// (prefix beam search: Graves 2008, section 7.5; Hannun et al. 2014). With a width beyond all beginnings it
/// is exact. Ties go to the labels that come first in order.
std::vector<std::int64_t> beam_labels(const StepScores& scores, std::int64_t width);

/// -log of the probability of all paths that say the labels, in nats; infinite where they need more steps.
double nats_of_labels(const StepScores& scores, std::span<const std::int64_t> labels);

/// The steps at which a label is put out, and how likely it is there on the mean.
struct LabelSteps {
  std::int64_t first, last;
  double probability;
};
/// Of the likeliest path that says the labels (Viterbi), one for each; none where they need more steps.
std::vector<LabelSteps> aligned(const StepScores& scores, std::span<const std::int64_t> labels);

}  // namespace unroll
