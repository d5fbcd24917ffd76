#pragma once

#include <chrono>
#include <string>

namespace unroll {

/// "90s", "12min", "1.5h", "2d"; seconds without a unit are refused, since everyone means something else.
/// Throws UsageError naming the flag.
std::chrono::milliseconds duration_of(const std::string& flag, const std::string& text);

}  // namespace unroll
