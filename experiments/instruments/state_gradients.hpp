#pragma once

#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/instruments/instrument.hpp"
#include "models/cell.hpp"

namespace unroll {

/// ∂L/∂s_t of every state, L the mean over a batch of the loss that diagnose_loss_step says.
struct StateGradients {
  std::vector<StateSpec> states;
  Batch batch;
  std::vector<Tensor<double>> gradients;  ///< (T, B, shape...) of each state
};

StateGradients state_gradients(const Subject& subject);

}  // namespace unroll
