#pragma once

#include <string>

namespace unroll {

/// 8 hex digits that tell the variants of the C library's mathematical functions apart, which it chooses by
/// the CPU, or as the environment says (GLIBC_TUNABLES): a hash of what exp, log, pow, sin, cos and tan give,
/// last bits included, at some thousands of points.
std::string libm_fingerprint();

}  // namespace unroll
