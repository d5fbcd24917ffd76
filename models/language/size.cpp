#include "models/language/size.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace unroll {
namespace {

/// Two such numbers multiply without overflow.
constexpr std::int64_t largest = std::int64_t{1} << 30;
constexpr std::size_t most_terms = 64;
constexpr int highest_exponent = 8;

[[noreturn]] void too_large() { throw TypeError("this size is too large to be followed"); }

Size::Ratio checked(Size::Ratio r) {
  if (std::abs(r.numerator()) > largest || r.denominator() > largest) too_large();
  return r;
}

bool is_unknown(const std::string& name) { return name.starts_with('?'); }

/// An unknown by itself.
const std::string* unknown_of(const Size::Product& product) {
  if (product.size() != 1 || product.begin()->second != 1 || !is_unknown(product.begin()->first))
    return nullptr;
  return &product.begin()->first;
}

/// "2 hidden", "hidden / heads", "3".
std::string text_of(const Size::Product& product, Size::Ratio factor) {
  std::vector<std::string> above, below;
  if (factor.numerator() != 1) above.push_back(std::to_string(factor.numerator()));
  if (factor.denominator() != 1) below.push_back(std::to_string(factor.denominator()));
  for (const auto& [name, exponent] : product)
    for (int i = 0; i < std::abs(exponent); ++i)
      (exponent > 0 ? above : below).push_back(is_unknown(name) ? "?" : name);
  if (above.empty()) above.push_back("1");
  std::string text = fmt::format("{}", fmt::join(above, " "));
  for (const std::string& divisor : below) text += " / " + divisor;
  return text;
}

}  // namespace

Size Size::of(std::int64_t n) {
  Size size;
  size.add({}, n);
  return size;
}

Size Size::named(const std::string& name) {
  Size size;
  size.add({{name, 1}}, 1);
  return size;
}

void Size::add(const Product& product, Ratio factor) {
  for (const auto& [name, exponent] : product)
    if (std::abs(exponent) > highest_exponent) too_large();
  Ratio& sum = terms_[product];
  sum = checked(sum + checked(factor));
  if (sum == Ratio(0)) terms_.erase(product);
  if (terms_.size() > most_terms) too_large();
}

std::optional<Size::Ratio> Size::number() const {
  if (terms_.empty()) return Ratio(0);
  if (terms_.size() > 1 || !terms_.begin()->first.empty()) return std::nullopt;
  return terms_.begin()->second;
}

double Size::value(const std::function<double(const std::string&)>& value_of) const {
  double sum = 0;
  for (const auto& [product, factor] : terms_) {
    double above = static_cast<double>(factor.numerator()), below = static_cast<double>(factor.denominator());
    for (const auto& [name, exponent] : product)
      (exponent > 0 ? above : below) *= std::pow(value_of(name), std::abs(exponent));
    sum += above / below;
  }
  return sum;
}

std::string Size::text() const {
  std::vector<std::string> parts;
  for (const auto& [product, factor] : terms_)
    if (!product.empty()) parts.push_back(text_of(product, factor));
  if (const auto number = terms_.find({}); number != terms_.end())
    parts.push_back(text_of({}, number->second));
  if (parts.empty()) return "0";
  std::string text = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i)
    text += parts[i].starts_with('-') ? " - " + parts[i].substr(1) : " + " + parts[i];
  return text;
}

Size operator+(const Size& a, const Size& b) {
  Size sum = a;
  for (const auto& [product, factor] : b.terms_) sum.add(product, factor);
  return sum;
}

Size operator-(const Size& a, const Size& b) { return a + b * Size::of(-1); }

Size operator*(const Size& a, const Size& b) {
  Size result;
  for (const auto& [x, factor_x] : a.terms_)
    for (const auto& [y, factor_y] : b.terms_) {
      Size::Product product = x;
      for (const auto& [name, exponent] : y)
        if ((product[name] += exponent) == 0) product.erase(name);
      result.add(product, factor_x * factor_y);
    }
  return result;
}

Size operator/(const Size& a, const Size& b) {
  if (b.terms_.size() != 1)
    throw TypeError(
        fmt::format("a size is divided by a number, a name or a product of them, not by {}", b.text()));
  const auto& [product, factor] = *b.terms_.begin();
  Size inverse;
  Size::Product below = product;
  for (auto& [name, exponent] : below) exponent = -exponent;
  inverse.add(below, 1 / factor);
  return a * inverse;
}

Size SizeSolver::resolve(const Size& size) const {
  Size result;
  for (const auto& [product, factor] : size.terms()) {
    const std::string* unknown = unknown_of(product);
    const auto solved = unknown ? solutions_.find(*unknown) : solutions_.end();
    Size part = Size::of(1);
    if (solved != solutions_.end())
      part = resolve(solved->second.size);
    else
      for (const auto& [name, exponent] : product)
        for (int i = 0; i < std::abs(exponent); ++i)
          part = exponent > 0 ? part * Size::named(name) : part / Size::named(name);
    result = result + part * Size::of(factor.numerator()) / Size::of(factor.denominator());
  }
  return result;
}

bool SizeSolver::unify(const Size& a, const Size& b) {
  const Size difference = resolve(a) - resolve(b);
  return difference == Size{} || solve(difference);
}

bool SizeSolver::solve(const Size& difference) {
  for (const auto& [product, factor] : difference.terms()) {
    const std::string* unknown = unknown_of(product);
    if (!unknown) continue;
    const Size own = Size::named(*unknown) * Size::of(factor.numerator()) / Size::of(factor.denominator());
    const Size value = (own - difference) * Size::of(factor.denominator()) / Size::of(factor.numerator());
    const auto number = value.number();
    if (number && (*number <= Size::Ratio(0) || number->denominator() != 1)) return false;
    solutions_.emplace(*unknown, Solution{value, now_});
    return true;
  }
  return false;
}

bool SizeSolver::known(const Size& size) const {
  const Size resolved = resolve(size);
  return std::ranges::none_of(resolved.terms(), [](const auto& term) {
    return std::ranges::any_of(term.first, [](const auto& part) { return is_unknown(part.first); });
  });
}

std::optional<Span> SizeSolver::solved_at(const Size& unknown) const {
  if (unknown.terms().size() != 1) return std::nullopt;
  const std::string* name = unknown_of(unknown.terms().begin()->first);
  const auto solved = name ? solutions_.find(*name) : solutions_.end();
  if (solved == solutions_.end()) return std::nullopt;
  return solved->second.at;
}

}  // namespace unroll
