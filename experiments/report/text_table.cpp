#include "experiments/report/text_table.hpp"

#include <algorithm>

#include "experiments/config/text.hpp"
#include "experiments/text/visible.hpp"

namespace unroll {
namespace {

using Row = std::vector<std::string>;

std::vector<std::size_t> widths_of(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : table.head) widths.push_back(columns_of(cell));
  for (const Row& row : table.rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  return widths;
}

std::string line(const Row& row, const std::vector<std::size_t>& widths, const std::vector<bool>& right) {
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string space(widths[i] - columns_of(row[i]), ' ');
    cells.push_back(right[i] ? space + row[i] : row[i] + space);
  }
  std::string text = joined(cells, "  ");
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

}  // namespace

TextTable table_of_cells(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells) {
  TextTable table;
  for (const SweepAxis& axis : axes) {
    table.head.push_back(axis.name);
    table.right.push_back(axis.numeric());
  }
  for (const SweepCell& cell : cells) table.rows.push_back(cell_labels(axes, cell));
  return table;
}

std::string aligned(TextTable table, Rule rule) {
  for (Row& row : table.rows)
    for (std::string& cell : row) cell = fit_for_cell(cell);  // values of a config
  const std::vector<std::size_t> widths = widths_of(table);
  std::vector<std::string> rules;
  for (const std::size_t width : widths) rules.push_back(joined(Row(width, "─"), ""));
  std::string text = line(table.head, widths, table.right);
  if (rule == Rule::line) text += joined(rules, "  ") + '\n';
  for (const Row& row : table.rows) text += line(row, widths, table.right);
  return text;
}

}  // namespace unroll
