#pragma once

#include "experiments/data/source.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/train/config.hpp"
#include "models/cell_table.hpp"

namespace unroll {

/// Throws std::invalid_argument, naming the setting that is in the way, where train.flossing is asked for and
/// Lyapunov exponents have no meaning: of sequences that share rows or differ in length, and of steps that
/// are masked or noisy, which are no map of their states.
void check_flossing(const CellList& cells, const Config& config, const TaskSpec& spec,
                    const DataSource& training);

}  // namespace unroll
