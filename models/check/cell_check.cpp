#include "models/cell_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/check/checks.hpp"

namespace unroll {
namespace {

/// Central differences visit every element of every parameter; a size that is none of hidden and input stays.
void refuse_huge(const Cell& cell) {
  constexpr std::int64_t most = 10'000'000;
  for (const ParameterSpec& spec : cell.parameters())
    if (spec.shape.numel() > most)
      throw std::invalid_argument(
          fmt::format("the parameter {} is {}, too large to be checked: more than {} "
                      "elements (make its size follow from hidden, or a constant)",
                      spec.name, to_string(spec.shape), most));
}

}  // namespace

CellOptions small_sizes(const std::function<std::unique_ptr<Cell>(const CellOptions&)>& make,
                        const CellOptions& options) {
  constexpr std::int64_t inputs = 3, least = 4, most = 64;
  CellOptions small = options;
  for (const std::int64_t input : {std::min(inputs, options.input_size), options.input_size})
    for (std::int64_t hidden = std::min(least, options.hidden_size);
         hidden <= std::min(most, options.hidden_size); ++hidden) {
      small.input_size = input;
      small.hidden_size = hidden;
      try {
        make(small);
        return small;
      } catch (const std::invalid_argument&) {  // another size, or all fail for a reason that options show
      }
    }
  return options;
}

std::vector<CellCheck> check_cell(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  refuse_huge(cell);
  std::vector<CellCheck> checks;
  const auto* equations = dynamic_cast<const EquationCell*>(&cell);
  if (equations && !equations->definition().reads_input)
    return {{"the input", false, 0,
             "no state depends on x: nothing can be learned, or tell how many steps there are"}};
  if (equations) {
    const CellCheck finite = check_finite(*equations, input_size, seed);
    if (!finite.ok) return {finite};
    checks = check_equations(*equations, input_size, seed);
  }
  for (CellCheck& check : check_whole(cell, input_size, seed)) checks.push_back(std::move(check));
  return checks;
}

bool all_ok(const std::vector<CellCheck>& checks) { return std::ranges::all_of(checks, &CellCheck::ok); }

std::string to_text(const std::vector<CellCheck>& checks, std::string_view cell) {
  if (all_ok(checks)) return fmt::format("{}: {} checks agree\n", cell, checks.size());
  std::string text;
  for (const CellCheck& check : checks)
    if (!check.ok) text += fmt::format("{}: {}\n{}\n", cell, check.what, check.details);
  return text;
}

}  // namespace unroll
