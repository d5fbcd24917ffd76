#pragma once

#include <string>
#include <vector>

#include "experiments/report/axes.hpp"

namespace unroll {

/// A table as lines of plain text. Every row has as many cells as `right`.
struct TextTable {
  std::vector<bool> right;  ///< per column, whether it is aligned on the right
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

/// A table with the columns of the axes and one row per cell, to which others are added.
TextTable table_of_cells(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells);

/// What is below the head.
enum class Rule { none, line };

/// Columns as wide as what is seen of them takes, two spaces between them.
std::string aligned(TextTable table, Rule rule = Rule::line);

}  // namespace unroll
