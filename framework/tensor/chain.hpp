#pragma once

#include <cstdint>
#include <span>

#include "framework/tensor/kernels.hpp"

namespace unroll {

/// A step of a chain of elementwise functions. Steps work on a value that they pass on, for one group of
/// elements after the other: `load` starts with an operand, `store` leaves the value in one, the others apply
/// a function to it.
struct ChainStep {
  enum class Form : std::uint8_t {
    load,
    store,
    unary,     ///< f(value)
    binary,    ///< f(value, operand)
    reversed,  ///< f(operand, value)
    choice,    ///< value is not 0 ? operand : other
    sum,       ///< adds the value to the operand: to its elements, or to `other`, its running values
  };
  Form form;
  std::uint8_t function = 0;  ///< a Unary or a Binary
  std::int16_t operand = 0, other = 0;
};

/// What an operand of a chain is.
enum class ChainOperand : std::uint8_t {
  elements,     ///< one for each index
  one_for_all,  ///< one for all indices
  inner,        ///< a value within one group, with room for `chain_group` elements
  total,        ///< the sum of all elements, which has running values
  grouped,      ///< one for every `grouped_elements`, or what their sum is added to
  group_sums,   ///< the sum of every `grouped_elements`
  running,      ///< sixteen running values of a sum, which value j adds up as ReduceKernel does
};
inline constexpr std::int64_t chain_group = 128;
inline constexpr std::int64_t running_values = 16;
inline constexpr std::int64_t grouped_elements = 8;

/// Steps one after the other by the span kernels, group by group, for n elements. Machine code that does the
/// same (jit/routine.hpp) takes a half to a tenth of the time, with the same bits. T is float or double. Sums
/// with running values are left in these, for finish_sum().
template <class T>
void run_chain(std::span<const ChainStep> steps, std::span<const ChainOperand> operands, T* const* pointers,
               std::int64_t n, const Kernels<T>& table = kernels<T>());

/// Adds what the running values hold to the total, and begins them anew.
template <class T>
void finish_sum(T* running, T* total, const Kernels<T>& table = kernels<T>());

}  // namespace unroll
