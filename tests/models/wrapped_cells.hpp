#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/models/small_cells.hpp"
#include "tests/models/test_cells.hpp"

// What the tests of the things around a cell run: every cell there is, at one small size.

namespace unroll::test {

constexpr std::int64_t small_inputs = 3, small_hidden = 4, small_outputs = 2;

using MakeCell = SequenceModel::MakeCell;

/// All cells of the table, and one with a matrix as a state.
inline std::map<std::string, MakeCell> all_cells() {
  std::map<std::string, MakeCell> cells;
  for (const CellRow& row : cell_table())
    cells[std::string(row.name)] = [&row](std::int64_t size) {
      return row.make({size, small_hidden, "tanh", small_constants(row.name)});
    };
  cells["fast weights"] = [](std::int64_t size) { return std::make_unique<FastWeights>(size, small_hidden); };
  return cells;
}

}  // namespace unroll::test
