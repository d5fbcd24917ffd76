#pragma once

#include <cstdint>

#include "experiments/bench/rows.hpp"

namespace unroll {

/// Runs a row's net twice within its memory budget and gives the most memory that this process held, in
/// bytes: program, libraries, inputs and all. Throws what a plan throws that cannot keep within the budget.
std::uint64_t resident_bytes_of(const BenchRow& row);

}  // namespace unroll
