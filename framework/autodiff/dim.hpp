#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "framework/tensor/shape.hpp"

namespace unroll {

/// The two sizes that may change from run to run without recording anything again.
struct Sizes {
  std::int64_t time = 1;   ///< T, steps of a sequence
  std::int64_t batch = 1;  ///< B, sequences side by side

  bool operator==(const Sizes&) const = default;
};

/// The extent of one axis of a recorded value: a number times powers of T and B. Two axes agree when they are
/// the same monomial, so shapes are checked once, at recording, for every T and B.
class Dim {
 public:
  constexpr Dim(std::int64_t number = 1) : number_(number) {}  // NOLINT: a plain number is a Dim
  static constexpr Dim time() { return Dim(1, 1, 0); }
  static constexpr Dim batch() { return Dim(1, 0, 1); }

  constexpr bool fixed() const { return time_power_ == 0 && batch_power_ == 0; }
  constexpr std::int64_t number() const { return number_; }
  constexpr bool uses_time() const { return time_power_ > 0; }
  constexpr bool uses_batch() const { return batch_power_ > 0; }
  constexpr std::int64_t at(Sizes sizes) const {
    std::int64_t extent = number_;
    for (int i = 0; i < time_power_; ++i) extent *= sizes.time;
    for (int i = 0; i < batch_power_; ++i) extent *= sizes.batch;
    return extent;
  }

  friend constexpr Dim operator*(Dim a, Dim b) {
    return Dim(a.number_ * b.number_, a.time_power_ + b.time_power_, a.batch_power_ + b.batch_power_);
  }
  /// a + b where the sum is a monomial (both the same power of T and B, or one of them 0), else nothing.
  friend std::optional<Dim> sum(Dim a, Dim b);

  bool operator==(const Dim&) const = default;
  friend std::string to_string(Dim dim);

 private:
  constexpr Dim(std::int64_t number, int time_power, int batch_power)
      : number_(number),
        time_power_(number == 0 ? 0 : time_power),
        batch_power_(number == 0 ? 0 : batch_power) {}

  std::int64_t number_;
  int time_power_ = 0;
  int batch_power_ = 0;
};

/// The symbols as users write them: tape.input("x", {T, B, 2}).
namespace sizes {
inline constexpr Dim T = Dim::time();
inline constexpr Dim B = Dim::batch();
}  // namespace sizes

/// Most axes that a recorded value can have.
inline constexpr std::size_t max_rank = 16;

/// The shape of a recorded value, outermost axis first.
using Dims = std::vector<Dim>;

/// "(T, B, 2)".
std::string to_string(const Dims& dims);

/// Product of all extents.
Dim numel(const Dims& dims);

/// The extents at given sizes.
Shape resolve(const Dims& dims, Sizes sizes);

/// The shape of an elementwise result (numpy's rule), or nothing when two axes conflict.
std::optional<Dims> broadcast(const Dims& a, const Dims& b);

}  // namespace unroll
