#include "models/language/type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace unroll {

Size operator+(const Size& a, const Size& b) {
  Size sum = a;
  sum.number += b.number;
  for (const auto& [name, factor] : b.terms) sum.terms[name] += factor;
  std::erase_if(sum.terms, [](const auto& term) { return term.second == 0; });
  return sum;
}

Size operator*(const Size& a, std::int64_t factor) {
  if (factor == 0) return {};
  Size product = a;
  product.number *= factor;
  for (auto& term : product.terms) term.second *= factor;
  return product;
}

Size SizeSolver::resolve(Size size) const {
  Size result = Size::of(size.number);
  for (const auto& [name, factor] : size.terms) {
    const auto solved = solutions_.find(name);
    result =
        result + (solved == solutions_.end() ? Size::named(name) : resolve(solved->second.size)) * factor;
  }
  return result;
}

bool SizeSolver::unify(const Size& a, const Size& b) {
  const Size difference = resolve(a) + resolve(b) * -1;
  return difference == Size{} || solve(difference);
}

bool SizeSolver::solve(const Size& difference) {
  for (const auto& [name, factor] : difference.terms) {
    if (!is_unknown(name) || (factor != 1 && factor != -1)) continue;
    Size rest = difference;
    rest.terms.erase(name);
    const Size value = rest * -factor;
    const bool positive = !value.terms.empty() || value.number > 0;
    if (!positive) return false;
    solutions_.emplace(name, Solution{value, now_});
    return true;
  }
  return false;
}

bool SizeSolver::known(const Size& size) const {
  return std::ranges::none_of(resolve(size).terms, [](const auto& term) { return is_unknown(term.first); });
}

std::string SizeSolver::text(const Size& size) const {
  const Size known = resolve(size);
  std::vector<std::string> parts;
  for (const auto& [name, factor] : known.terms) {
    const std::string shown = is_unknown(name) ? "?" : name;
    parts.push_back(factor == 1 ? shown : fmt::format("{} {}", factor, shown));
  }
  if (known.number != 0 || parts.empty()) parts.push_back(std::to_string(known.number));
  return fmt::format("{}", fmt::join(parts, " + "));
}

std::optional<Span> SizeSolver::solved_at(const Size& unknown) const {
  if (unknown.terms.size() != 1) return std::nullopt;
  const auto solved = solutions_.find(unknown.terms.begin()->first);
  if (solved == solutions_.end()) return std::nullopt;
  return solved->second.at;
}

std::string describe(const Type& type, const SizeSolver& sizes) {
  if (type.rank() == 0) return "a number";
  std::vector<std::string> extents;
  for (const Size& size : type.shape) extents.push_back(sizes.text(size));
  return fmt::format("{} ({})", type.rank() == 1 ? "a vector" : "a matrix", fmt::join(extents, ", "));
}

Type elementwise_type(const Type& a, const Type& b, std::string_view what, SizeSolver& sizes) {
  const auto conflict = [&] {
    return TypeError(
        fmt::format("{} needs equal shapes, not {} and {}", what, describe(a, sizes), describe(b, sizes)));
  };
  Type result = a.rank() == 0 ? b : a;
  if (a.rank() != 0 && b.rank() != 0) {
    if (a.rank() != b.rank()) throw conflict();
    for (std::size_t i = 0; i < a.rank(); ++i)
      if (!sizes.unify(a.shape[i], b.shape[i])) throw conflict();
  }
  result.batched = a.batched || b.batched;
  result.from_state = a.from_state || b.from_state;
  result.from_input = a.from_input || b.from_input;
  result.number = a.number && b.number;
  result.only_product = false;
  return result;
}

}  // namespace unroll
