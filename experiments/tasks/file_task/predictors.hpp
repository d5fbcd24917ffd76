#pragma once

#include <optional>

#include "experiments/objectives/objective.hpp"

namespace unroll {

/// Targets to predict, without the inputs: R answers.
struct Answers {
  Values target;                              ///< (R, outputs), or (R) classes
  std::optional<Tensor<float>> weights = {};  ///< (R)
};

/// The outputs (outputs) that make an objective smallest when they are the same for every answer: the means
/// of numbers, the logits of frequencies (of one answer more of each kind, so that none is infinite).
Tensor<float> best_constant(const Objective& objective, const Answers& training, std::int64_t outputs);

/// The loss of given outputs (R, outputs), or of the same ones (outputs) for every answer.
double loss_of(const Objective& objective, const Tensor<float>& outputs, const Answers& answers);

}  // namespace unroll
