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

bool of_long_rows(const Dims& full) {
  constexpr std::int64_t least_elements = 1024;
  if (full.size() < 3 || !full.back().fixed()) return false;
  Dim row = full.back();
  if (row == Dim(grouped_elements)) row = row * full[full.size() - 2];
  const std::int64_t n = row.fixed() ? row.number() : 0;
  return n >= running_values && n % running_values == 0 && numel(full).number() >= least_elements;
}

bool begins_anew(const Dims& operand, const Dims& full) {
  if (!of_long_rows(full) || full.back() != Dim(grouped_elements)) return false;
  const std::size_t rank = operand.size();
  return rank > 0 && operand.back() != Dim(1) && (rank == 1 || operand[rank - 2] == Dim(1));
}

std::optional<Access> access_in_chain(const Dims& operand, const Dims& full) {
  if (const auto known = access(operand, full)) return known;
  const bool broadcasts = of_long_rows(full) && broadcast(operand, full) == full;
  return broadcasts ? std::optional(Access::by_rows) : std::nullopt;
}

}  // namespace unroll::ir
