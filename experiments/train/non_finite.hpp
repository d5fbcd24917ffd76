#pragma once

#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/recorded_model.hpp"

namespace unroll {

/// Where a forward pass over `piece`, whose first step is `before` + 1 of `steps`, first has a value that is
/// not finite: "h at time step 37 of 100", "h and c at time step 3 of 100", "layer2.h at ...", "the readout
/// y"; "the loss" when all of them are finite. In training with the masks of that batch, and where `before`
/// is above 0 from the piece's states on. It looks at a few steps at a time, so that long sequences take no
/// memory; at all of them where the model is bidirectional.
std::string first_non_finite(const Config& config, const Task& task, const Piece& piece, Use use,
                             const std::vector<Tensor<float>>& parameters, std::int64_t before,
                             std::int64_t steps);

/// Index of the first value that is not finite, or -1.
std::int64_t first_bad(std::span<const float> values);

}  // namespace unroll
