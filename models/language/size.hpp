#pragma once

#include <boost/rational.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "models/language/source.hpp"

namespace unroll {

/// What is wrong with operands; the text says where.
struct TypeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// An extent that is known by name before it is known as a number: a sum of products of names ("hidden",
/// "input", a constant of the cell) and of unknowns that inference solves for, such as 2 hidden + 1 and
/// hidden / heads. All operations throw TypeError where the numbers become too large to be followed.
class Size {
 public:
  using Ratio = boost::rational<std::int64_t>;
  /// Names and their exponents; 1 without names.
  using Product = std::map<std::string, int>;

  Size() = default;
  static Size of(std::int64_t n);
  static Size named(const std::string& name);

  bool operator==(const Size&) const = default;
  const std::map<Product, Ratio>& terms() const { return terms_; }
  bool is(std::int64_t n) const { return *this == of(n); }
  /// With nothing but a number: that number.
  std::optional<Ratio> number() const;
  /// The value with these values of the names; it need not be whole.
  double value(const std::function<double(const std::string&)>& value_of) const;
  /// "hidden", "2 hidden + 1", "hidden / heads"; names that start with ? as "?".
  std::string text() const;

  friend Size operator+(const Size& a, const Size& b);
  friend Size operator*(const Size& a, const Size& b);
  /// Throws TypeError where b is no single product.
  friend Size operator/(const Size& a, const Size& b);

 private:
  void add(const Product& product, Ratio factor);

  std::map<Product, Ratio> terms_;
};
Size operator-(const Size& a, const Size& b);

/// Solves for the extents that the equations do not state.
class SizeSolver {
 public:
  Size unknown() { return Size::named("?" + std::to_string(++unknowns_)); }
  /// With all that is known put in.
  Size resolve(const Size& size) const;
  /// Makes two sizes equal, by an unknown of either if need be; false when they cannot be.
  bool unify(const Size& a, const Size& b);
  bool known(const Size& size) const;
  std::string text(const Size& size) const { return resolve(size).text(); }

  /// Where in the text the equations are read now, and where an unknown was solved.
  void reading(Span at) { now_ = at; }
  std::optional<Span> solved_at(const Size& unknown) const;

 private:
  struct Solution {
    Size size;
    Span at;
  };
  bool solve(const Size& difference);

  int unknowns_ = 0;
  std::map<std::string, Solution> solutions_;
  Span now_;
};

}  // namespace unroll
