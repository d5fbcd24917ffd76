#include "framework/autodiff/dim.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unroll {

std::optional<Dim> sum(Dim a, Dim b) {
  if (a == Dim(0)) return b;
  if (b == Dim(0)) return a;
  if (a.time_power_ != b.time_power_ || a.batch_power_ != b.batch_power_) return std::nullopt;
  return Dim(a.number_ + b.number_, a.time_power_, a.batch_power_);
}

std::string to_string(Dim dim) {
  std::string text = dim.fixed() || dim.number_ != 1 ? std::to_string(dim.number_) : "";
  const auto append = [&](const char* symbol, int power) {
    for (int i = 0; i < power; ++i) text += text.empty() ? symbol : std::string("·") + symbol;
  };
  append("T", dim.time_power_);
  append("B", dim.batch_power_);
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
