#pragma once

#include <cstdint>
#include <string>

#include "experiments/sweep/plan.hpp"

namespace unroll {

/// Why a text of so many bytes cannot be learned from with so much memory; empty where it can.
std::string objection_to_text(const std::string& name, std::uint64_t bytes, std::uint64_t memory);

/// Throws ConfigError for a plan with a text that is too large for the memory that can be had, before any of
/// it is taken.
void check_text_memory(const SweepPlan& plan);

}  // namespace unroll
