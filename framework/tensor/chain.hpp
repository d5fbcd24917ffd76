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
};
inline constexpr std::int64_t chain_group = 128;

/// Steps one after the other by the span kernels, group by group, for n elements. Machine code that does the
/// same (jit/routine.hpp) takes a half to a tenth of the time, with the same bits. T is float or double.
template <class T>
void run_chain(std::span<const ChainStep> steps, std::span<const ChainOperand> operands, T* const* pointers,
               std::int64_t n, const Kernels<T>& table = kernels<T>());

}  // namespace unroll
