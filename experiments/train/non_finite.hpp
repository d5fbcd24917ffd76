#pragma once

#include <string>
#include <vector>

#include "experiments/train/task_model.hpp"

namespace unroll {

/// Where a forward pass over `piece`, of sequences of `steps` steps, first has a value that is
/// not finite: "h at time step 37 of 100", "h and c at time step 3 of 100", "layer2.h at ...", "the readout
/// y"; "the loss" when all of them are finite. In training with the masks of that batch, and where it does
/// not begin its sequences from the piece's states on. It looks at a few steps at a time, so that long
/// sequences take no memory; at all of them where the model is bidirectional.
///
/// `noise`: whether masks are drawn.
std::string first_non_finite(const CellList& cells, const Config& config, const TaskSpec& spec,
                             const Piece& piece, bool noise, const std::vector<Tensor<float>>& parameters,
                             std::int64_t steps);

/// Index of the first value that is not finite, or -1.
std::int64_t first_bad(std::span<const float> values);

}  // namespace unroll
