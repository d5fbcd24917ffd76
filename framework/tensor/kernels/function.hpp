#pragma once

#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include "framework/tensor/functions.hpp"
#include "framework/tensor/kernels/simd.hpp"

namespace unroll {
namespace {

/// A member of `Unary` or `Binary`: its name, its value, its derivative.
///
/// Its value is an operator() on registers where the function is made of instructions, and on one element
/// where it is left to the C library: accurate, and not where training spends its time. It may be one for
/// float and the other for double. The rules are those of OperandSpec, one for each operand (`vjp`, or
/// `vjp_a` and `vjp_b`), as generic lambdas: who compiles kernels never looks into them.
template <auto f>
struct Function;

/// What holds where a function says nothing else.
struct Smooth {
  static constexpr Keep keep = Keep::nothing;
  static constexpr Domain domain = Domain::real;
  /// An instruction or two per element: done again rather than stored for the reverse pass of a scan.
  static constexpr bool cheap = false;
};
struct Flat : Smooth {
  static constexpr std::string_view constant_because = "it is piecewise constant";
};

template <class F, class T>
concept OfRegisters = std::invocable<F, Batch<T>> || std::invocable<F, Batch<T>, Batch<T>>;

/// `use(Function<f>())` for the f that is number `index` of its list.
template <class List, class Use>
auto with_function(int index, Use use) {
  constexpr int count = static_cast<int>(List::count);
  using Result = decltype(use(Function<static_cast<List>(0)>()));
  std::optional<Result> result;
  [&]<int... i>(std::integer_sequence<int, i...>) {
    (void)((index == i && (result = use(Function<static_cast<List>(i)>()), true)) || ...);
  }
  (std::make_integer_sequence<int, count>());
  return *result;
}

}  // namespace
}  // namespace unroll
