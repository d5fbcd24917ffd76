#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "tests/framework/autodiff/op_cases.hpp"

namespace unroll::conformance {

/// Values for the operands of a case, exactly representable in float. Each operand fills one of the two.
struct Point {
  std::vector<Tensor<double>> real;
  std::vector<Tensor<std::int64_t>> index;
};
Point sample(const OpCase& c, Sizes sizes, std::uint64_t seed = 1);

/// A case on a tape of its own, one input per operand: "a", "b", "c".
struct Recorded {
  explicit Recorded(const OpCase& c);

  /// The operands that a gradient is wanted for.
  std::vector<Var> differentiable() const;
  GradcheckPoint at(const Point& point) const;

  std::vector<Operand> operands;
  std::unique_ptr<Tape> tape = std::make_unique<Tape>();
  std::vector<Var> inputs;
  Var result;
};

std::vector<Array> as_arrays(const OpCase& c, const Point& point);

/// Values of `outputs` in precision T, with the case's operands at `point`.
template <class T>
std::vector<Tensor<T>> evaluate(const Recorded& recorded, const Point& point,
                                const std::vector<Var>& outputs);

/// What is wrong with `got`, one line per element; empty where it agrees with the reference.
template <class T>
std::string difference(const OpCase& c, const Tensor<T>& got, const Array& want);

/// The sizes at which cases are run: ordinary, T = 0, B = 0, and one of each.
inline constexpr Sizes ordinary{3, 2};
inline constexpr Sizes all_sizes[] = {ordinary, {0, 2}, {3, 0}, {0, 0}, {1, 1}};
inline bool is_symbolic(const OpCase& c) {
  for (const Operand& operand : c.operands)
    for (const Dim dim : operand.dims)
      if (!dim.fixed()) return true;
  return false;
}
inline std::vector<Sizes> sizes_of(const OpCase& c) {
  if (!is_symbolic(c)) return {ordinary};
  return {std::begin(all_sizes), std::end(all_sizes)};
}

std::string name_of(const OpCase& c, Sizes sizes);

}  // namespace unroll::conformance
