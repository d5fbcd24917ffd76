#pragma once

#include <cstdint>

namespace unroll {

/// How many times operator new ran in this process so far. Libraries that call malloc themselves are not
/// seen.
std::int64_t allocations();

}  // namespace unroll
