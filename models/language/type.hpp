#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/language/source.hpp"

namespace unroll {

/// An extent that is known by name before it is known as a number: an integer combination of names ("hidden",
/// "input", a constant of the cell) and of unknowns that inference solves for.
struct Size {
  std::map<std::string, std::int64_t> terms = {};
  std::int64_t number = 0;

  static Size of(std::int64_t n) { return {{}, n}; }
  static Size named(std::string name) { return {{{std::move(name), 1}}, 0}; }
  bool operator==(const Size&) const = default;
};
Size operator+(const Size& a, const Size& b);
Size operator*(const Size& a, std::int64_t factor);

/// Solves for the extents that the equations do not state.
class SizeSolver {
 public:
  Size unknown() { return Size::named("?" + std::to_string(++unknowns_)); }
  /// With all that is known put in.
  Size resolve(Size size) const;
  /// Makes two sizes equal, by an unknown of either if need be; false when they cannot be.
  bool unify(const Size& a, const Size& b);
  static bool is_unknown(const std::string& name) { return name.starts_with('?'); }
  bool known(const Size& size) const;
  /// "hidden", "2 hidden + 1"; an unknown is "?".
  std::string text(const Size& size) const;

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

/// What a value of the equations is: a number, a vector or a matrix for each sequence of the batch, or one
/// for all of them.
struct Type {
  std::vector<Size> shape = {};  ///< of one sequence: empty, (n) or (rows, columns)
  bool batched = false;          ///< differs between sequences
  bool from_state = false;       ///< depends on a state before the step
  bool from_input = false;       ///< depends on x
  bool number = false;           ///< known when the cell is made
  bool only_product = false;     ///< a structured parameter: stands on the left of a product and nowhere else

  std::size_t rank() const { return shape.size(); }
};

/// What is wrong with operands; the text says where.
struct TypeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// "a number", "a vector (hidden)", "a matrix (hidden, input)".
std::string describe(const Type& type, const SizeSolver& sizes);

/// The elementwise combination of two values: a number goes with everything, a vector with a vector of its
/// size, a matrix with a matrix. `what` stands in the TypeError.
Type elementwise_type(const Type& a, const Type& b, std::string_view what, SizeSolver& sizes);

}  // namespace unroll
