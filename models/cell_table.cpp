#include "models/cell_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/vanilla.hpp"

namespace unroll {
namespace {

template <class C>
std::unique_ptr<Cell> make(const CellOptions& options) {
  return std::make_unique<C>(options);
}

constexpr CellRow rows[] = {
    {"vanilla", "h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)", "Elman 1990, Finding structure in time",
     make<Vanilla>},
};

}  // namespace

std::span<const CellRow> cell_table() { return rows; }

std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const CellRow& row : rows) names.emplace_back(row.name);
  return names;
}

std::unique_ptr<Cell> make_cell(std::string_view name, const CellOptions& options) {
  for (const CellRow& row : rows)
    if (row.name == name) return row.make(options);
  throw std::invalid_argument(
      fmt::format("unknown cell '{}'; known are {}", name, fmt::join(cell_names(), ", ")));
}

}  // namespace unroll
