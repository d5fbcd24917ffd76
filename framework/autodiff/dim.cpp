#include "framework/autodiff/dim.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unroll {

std::optional<Dim> sum(Dim a, Dim b) {
  if (a == Dim(0)) return b;
  if (b == Dim(0)) return a;
  if (a.powers_ != b.powers_) return std::nullopt;
  return Dim(a.number_ + b.number_, a.powers_);
}

std::optional<Dim> quotient(Dim a, Dim b) {
  if (b.number_ == 0 || a.number_ % b.number_ != 0) return std::nullopt;
  Dim::Powers powers{};
  for (std::size_t s = 0; s < powers.size(); ++s) {
    powers[s] = static_cast<std::int8_t>(a.powers_[s] - b.powers_[s]);
    if (powers[s] < 0 && a.number_ != 0) return std::nullopt;
  }
  return Dim(a.number_ / b.number_, powers);
}

std::string to_string(Dim dim) {
  std::string text = dim.fixed() || dim.number_ != 1 ? std::to_string(dim.number_) : "";
  constexpr const char* symbols[] = {"T", "B", "R", "S", "N"};
  for (std::size_t s = 0; s < dim.powers_.size(); ++s)
    for (int i = 0; i < dim.powers_[s]; ++i)
      text += text.empty() ? symbols[s] : std::string("·") + symbols[s];
  return text;
}

std::string to_string(const Dims& dims) {
  std::string text;
  for (const Dim dim : dims) text += (text.empty() ? "" : ", ") + to_string(dim);
  return "(" + text + ")";
}

Dim numel(const Dims& dims) {
  Dim product = 1;
  for (const Dim dim : dims) product = product * dim;
  return product;
}

Shape resolve(const Dims& dims, Sizes sizes) {
  Shape shape;
  for (const Dim dim : dims) shape.push_back(dim.at(sizes));
  return shape;
}

std::optional<Dims> broadcast(const Dims& a, const Dims& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Dims result(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim da = i < a.size() ? a[a.size() - 1 - i] : Dim(1);
    const Dim db = i < b.size() ? b[b.size() - 1 - i] : Dim(1);
    if (da != db && da != Dim(1) && db != Dim(1)) return std::nullopt;
    result[rank - 1 - i] = da == Dim(1) ? db : da;
  }
  return result;
}

}  // namespace unroll
