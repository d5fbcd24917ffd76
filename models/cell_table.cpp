#include "models/cell_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/gru.hpp"
#include "models/lstm.hpp"
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
    {"lstm", "c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ φ(c_t); gates i, f, o, candidate g",
     "Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000", make<Lstm>},
    {"gru",
     "h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}, reset after the product: n = φ(W_n x + b_n + r ⊙ (U_n h + c_n))",
     "Cho et al. 2014, as in cuDNN and PyTorch", make<Gru>},
    {"gru_v1", "h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}, reset before the product: n = φ(W_n x + U_n (r ⊙ h) + b_n)",
     "Cho et al. 2014, eq. 5 to 8", make<GruV1>},
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
