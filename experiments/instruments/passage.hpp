#pragma once

#include <string>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/instruments/instrument.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// What a model computed for the diagnostic batch, in evaluation (no dropout, noise 0), in double.
struct Passage {
  Batch batch;
  std::vector<StateSpec> states;
  std::vector<Tensor<double>> trajectories;  ///< (T, B, shape...) of each state
  std::vector<Tensor<double>> values;        ///< (T, B, ...) of each that was asked for
};

/// `model` has the parameters of the trial's; `names`: as RunOptions::values.
Passage passage(const Subject& subject, const SequenceModel& model, const std::vector<std::string>& names);

/// The elements (T, B, elements...) of steps that sequences have, a row each: (steps in all, elements).
Tensor<double> rows_in_use(const Tensor<double>& values, const Batch& batch);

}  // namespace unroll
