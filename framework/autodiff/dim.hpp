#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/shape.hpp"

namespace unroll {

/// The sizes that may change from run to run without recording anything again: T and B, which the bound
/// inputs tell, and three that the planner chooses where it walks over time in parts.
struct Sizes {
  std::int64_t time = 1;      ///< T, steps of a sequence
  std::int64_t batch = 1;     ///< B, sequences side by side
  std::int64_t block = 1;     ///< R, steps of one block of a loop over time
  std::int64_t segment = 1;   ///< S, steps between two checkpoints
  std::int64_t segments = 1;  ///< N, how many there are

  bool operator==(const Sizes&) const = default;
};

/// The extent of one axis of a recorded value: a number times powers of the sizes. Two axes agree when they
/// are the same monomial, so shapes are checked once, at recording, for every T and B.
class Dim {
 public:
  constexpr Dim(std::int64_t number = 1) : number_(number) {}  // NOLINT: a plain number is a Dim
  static constexpr Dim time() { return Dim(1, {1}); }
  static constexpr Dim batch() { return Dim(1, {0, 1}); }
  static constexpr Dim block() { return Dim(1, {0, 0, 1}); }
  static constexpr Dim segment() { return Dim(1, {0, 0, 0, 1}); }
  static constexpr Dim segments() { return Dim(1, {0, 0, 0, 0, 1}); }

  constexpr bool fixed() const { return powers_ == Powers{}; }
  constexpr std::int64_t number() const { return number_; }
  constexpr bool uses_time() const { return powers_[0] > 0; }
  constexpr bool uses_batch() const { return powers_[1] > 0; }
  constexpr bool uses_block() const { return powers_[2] > 0; }
  constexpr std::int64_t at(Sizes sizes) const {
    const std::array<std::int64_t, 5> extents = {sizes.time, sizes.batch, sizes.block, sizes.segment,
                                                 sizes.segments};
    std::int64_t extent = number_;
    for (std::size_t s = 0; s < extents.size(); ++s)
      for (int i = 0; i < powers_[s]; ++i) extent *= extents[s];
    return extent;
  }

  /// With a number in T's place.
  constexpr Dim at_time(std::int64_t steps) const {
    Dim dim = *this;
    for (; dim.powers_[0] > 0; --dim.powers_[0]) dim.number_ *= steps;
    return dim.number_ == 0 ? Dim(0) : dim;
  }

  friend constexpr Dim operator*(Dim a, Dim b) {
    Powers powers{};
    for (std::size_t s = 0; s < powers.size(); ++s)
      powers[s] = static_cast<std::int8_t>(a.powers_[s] + b.powers_[s]);
    return Dim(a.number_ * b.number_, powers);
  }
  /// a + b where the sum is a monomial (both the same powers, or one of them 0), else nothing.
  friend std::optional<Dim> sum(Dim a, Dim b);
  /// a / b where that is a monomial with a whole number before it, else nothing.
  friend std::optional<Dim> quotient(Dim a, Dim b);

  bool operator==(const Dim&) const = default;
  friend std::string to_string(Dim dim);

 private:
  using Powers = std::array<std::int8_t, 5>;  ///< of T, B, R, S and N
  constexpr Dim(std::int64_t number, Powers powers)
      : number_(number), powers_(number == 0 ? Powers{} : powers) {}

  std::int64_t number_;
  Powers powers_{};
};

/// The inverse of to_string, "3·T·B". Throws std::invalid_argument.
Dim parse_dim(std::string_view text);

/// The symbols as users write them: tape.input("x", {T, B, 2}).
namespace sizes {
inline constexpr Dim T = Dim::time();
inline constexpr Dim B = Dim::batch();
}  // namespace sizes

/// Most axes that a recorded value can have.
inline constexpr std::size_t max_rank = 16;

/// The shape of a recorded value, outermost axis first.
using Dims = std::vector<Dim>;

/// With a number in T's place.
inline Dims at_time(Dims dims, std::int64_t steps) {
  for (Dim& dim : dims) dim = dim.at_time(steps);
  return dims;
}

/// "(T, B, 2)".
std::string to_string(const Dims& dims);
/// Its inverse. Throws std::invalid_argument.
Dims parse_dims(std::string_view text);

/// Product of all extents.
Dim numel(const Dims& dims);

/// The extents at given sizes.
Shape resolve(const Dims& dims, Sizes sizes);

/// The shape of an elementwise result (numpy's rule), or nothing when two axes conflict.
std::optional<Dims> broadcast(const Dims& a, const Dims& b);

}  // namespace unroll
