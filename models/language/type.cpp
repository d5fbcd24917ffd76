#include "models/language/type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace unroll {

std::string describe(const Type& type, const SizeSolver& sizes) {
  if (type.rank() == 0) return "a number";
  std::vector<std::string> extents;
  for (const Size& size : type.shape) extents.push_back(sizes.text(size));
  return fmt::format("{} ({})", type.rank() == 1 ? "a vector" : "a matrix", fmt::join(extents, ", "));
}

Type joined(const Type& a, const Type& b, std::vector<Size> shape) {
  return {.shape = std::move(shape),
          .batched = a.batched || b.batched,
          .from_state = a.from_state || b.from_state,
          .from_input = a.from_input || b.from_input,
          .constant = a.constant && b.constant};
}

namespace {

/// A row or a column of a matrix stands for all; of vectors no element does.
bool combine(Size& a, const Size& b, bool spreads, SizeSolver& sizes) {
  if (spreads && sizes.resolve(a).is(1)) {
    a = b;
    return true;
  }
  return (spreads && sizes.resolve(b).is(1)) || sizes.unify(a, b);
}

std::string_view hint(const Type& a, const Type& b) {
  if (a.rank() == b.rank()) return "";
  return " (row(v) is a vector as a row, which goes with every row of a matrix; column(v) as a column)";
}

}  // namespace

Type elementwise_type(const Type& a, const Type& b, std::string_view what, SizeSolver& sizes) {
  std::vector<Size> shape = a.rank() == 0 ? b.shape : a.shape;
  bool fits = a.rank() == 0 || b.rank() == 0 || a.rank() == b.rank();
  for (std::size_t i = 0; fits && a.rank() != 0 && i < b.rank(); ++i)
    fits = combine(shape[i], b.shape[i], a.rank() == 2, sizes);
  if (fits) return joined(a, b, std::move(shape));
  throw TypeError(fmt::format("{} needs equal shapes, not {} and {}{}", what, describe(a, sizes),
                              describe(b, sizes), hint(a, b)));
}

}  // namespace unroll
