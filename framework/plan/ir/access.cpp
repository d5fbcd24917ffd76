#include "framework/plan/ir/access.hpp"

#include <algorithm>

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

}  // namespace unroll::ir
