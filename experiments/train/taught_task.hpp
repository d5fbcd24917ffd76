#pragma once

#include <memory>

#include "experiments/laboratory.hpp"
#include "models/layer.hpp"

namespace unroll {

// Cells may name their feedback, the outputs after the step before. In training that is the target of the
// step before, 0 at the first one (teacher forcing, Williams & Zipser 1989): no gradient goes that way. Those
// targets are put behind each vector of inputs, so that all that is done to inputs is done to them.

/// The task of a config, and where the cell reads its feedback, with targets of the step before behind the
/// inputs. Throws std::invalid_argument naming the cell and the task where that has no target at every step
/// that is as large as the outputs, or reads tokens.
std::shared_ptr<const Task> task_for(const Laboratory& laboratory, const Config& config);

/// Whether the config's cell reads outputs that are fed back.
bool reads_feedback(const CellList& cells, const Config& config);

/// What of outputs stands for a target: they themselves, or the probabilities that they are.
FeedBack what_is_fed_back(const Objective& objective);

}  // namespace unroll
