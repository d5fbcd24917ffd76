#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace unroll::test {

/// The bits of this thread's control word that make subnormal results and operands zero (Intel SDM vol. 1,
/// 10.2.3): both, either or none.
enum class Subnormals { kept, flushed, partly_flushed };

#if defined(__x86_64__)
inline Subnormals control_word() {
  constexpr unsigned both = 1u << 15 | 1u << 6;
  const unsigned bits = _mm_getcsr() & both;
  return bits == both ? Subnormals::flushed : bits == 0 ? Subnormals::kept : Subnormals::partly_flushed;
}
#endif

}  // namespace unroll::test
