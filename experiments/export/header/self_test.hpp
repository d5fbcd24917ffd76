#pragma once

#include <cstdint>
#include <vector>

#include "experiments/saved/saved_model.hpp"

namespace unroll {

/// What a header tests itself with: steps in a row from the start, and what the model answers, both in the
/// unit of the data.
struct SelfTest {
  std::int64_t steps = 0;
  std::vector<float> inputs = {};          ///< (steps, inputs)
  std::vector<std::int64_t> tokens = {};   ///< or (steps), of a model of tokens
  std::vector<float> outputs = {};         ///< (steps, outputs)
  std::vector<Tensor<float>> starts = {};  ///< of each state
  /// How far its answers may be from these, in parts of 1 or of the output where that is larger: 1e-6, or, of
  /// a model that makes much of a last digit, four times what lies between it and itself in double precision;
  /// in the unit of the data no less than four of the last digits of its outputs.
  double limit = 1e-6;
};

/// The same for the same model.
SelfTest self_test(const SavedModel& model);

}  // namespace unroll
