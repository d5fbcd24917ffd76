#pragma once

#include <cstdint>

#include "framework/tensor/jit/routine.hpp"

namespace unroll::jit {

/// The call of a routine over n elements or rows, which finds its operands in `pointers`.
inline Call routine_call(const Routine& routine, void** pointers, std::int64_t n) {
  return {routine.address(),
          {reinterpret_cast<std::uintptr_t>(pointers), static_cast<std::uintptr_t>(n)},
          pointers};
}

}  // namespace unroll::jit
