#include "framework/plan/ir/access.hpp"

#include <algorithm>

#include "framework/tensor/chain.hpp"

namespace unroll::ir {

std::optional<Access> access(const Dims& operand, const Dims& full) {
  if (operand.size() > full.size()) return std::nullopt;
  Dims dims(full.size() - operand.size(), Dim(1));
  dims.insert(dims.end(), operand.begin(), operand.end());
  if (dims == full) return Access::whole;
  const auto is_one = [](Dim d) { return d == Dim(1); };
  if (std::all_of(dims.begin(), dims.end(), is_one)) return Access::scalar;
  const auto first = std::find_if_not(dims.begin(), dims.end(), is_one) - dims.begin();
  if (std::equal(dims.begin() + first, dims.end(), full.begin() + first)) return Access::tiled;
  const auto last = std::find_if_not(dims.rbegin(), dims.rend(), is_one) - dims.rbegin();
  if (std::equal(dims.rbegin() + last, dims.rend(), full.rbegin() + last)) return Access::repeated;
  return std::nullopt;
}

bool of_rows(const Dims& full) {
  constexpr std::int64_t least_in_row = grouped_elements, least_in_matrix = running_values, wide = 1024;
  if (full.size() < 3 || !full.back().fixed() || full.back().number() < least_in_row) return false;
  const bool of_matrices = full[full.size() - 2].fixed();
  return numel(full).number() >= (of_matrices ? least_in_matrix : wide);
}

bool sums_by_row(const Dims& sum, const Dims& full) {
  if (!of_rows(full)) return false;
  if (full.back().number() % running_values == 0) return true;
  const auto axis = [](const Dims& dims, std::size_t from_last) {
    return from_last < dims.size() ? dims[dims.size() - 1 - from_last] : Dim(1);
  };
  return axis(sum, 0) == axis(full, 0) || axis(sum, 1) == axis(full, 1);
}

std::optional<Access> access_in_chain(const Dims& operand, const Dims& full) {
  if (const auto known = access(operand, full)) return known;
  const bool broadcasts = of_rows(full) && broadcast(operand, full) == full;
  return broadcasts ? std::optional(Access::by_rows) : std::nullopt;
}

}  // namespace unroll::ir
