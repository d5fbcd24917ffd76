#include "framework/autodiff/dim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace unroll {
namespace {

constexpr std::string_view symbols = "TBRSN";  ///< one letter for each of Dim's powers
constexpr std::string_view dot = "·";

Dim symbol(std::string_view text) {
  constexpr Dim extents[] = {Dim::time(), Dim::batch(), Dim::block(), Dim::segment(), Dim::segments()};
  if (text.size() == 1)
    if (const std::size_t s = symbols.find(text[0]); s != symbols.npos) return extents[s];
  throw std::invalid_argument(fmt::format(
      "'{}' is no extent: a number, T, B, R, S or N, or their product, as 3·T·B, is expected", text));
}

}  // namespace

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
  for (std::size_t s = 0; s < symbols.size(); ++s)
    for (int i = 0; i < dim.powers_[s]; ++i) {
      if (!text.empty()) text += dot;
      text += symbols[s];
    }
  return text;
}

Dim parse_dim(std::string_view text) {
  if (const std::size_t at = text.rfind(dot); at != text.npos)
    return parse_dim(text.substr(0, at)) * symbol(text.substr(at + dot.size()));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? Dim(number) : symbol(text);
}

std::string to_string(const Dims& dims) {
  std::string text;
  for (const Dim dim : dims) text += (text.empty() ? "" : ", ") + to_string(dim);
  return "(" + text + ")";
}

Dims parse_dims(std::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    throw std::invalid_argument(
        fmt::format("'{}' is no shape: extents in parentheses, as (T, B, 3), are expected", text));
  Dims dims;
  text = text.substr(1, text.size() - 2);
  for (std::size_t at = 0; at <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(", ", at), text.size());
    dims.push_back(parse_dim(text.substr(at, end - at)));
    at = end + 2;
  }
  return dims;
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
