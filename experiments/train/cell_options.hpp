#pragma once

#include "experiments/config/config.hpp"
#include "experiments/tasks/task.hpp"
#include "models/cell.hpp"

namespace unroll {

/// What a config's cell is made from, for the inputs of its task.
inline CellOptions cell_options(const Config& config, const Task& task) {
  return {task.input_size(), config.model.hidden, config.model.activation, config.model.constants};
}

}  // namespace unroll
