#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unroll {

/// The labels that a path of outputs says: repetitions merged, then blanks (no_label) removed.
std::vector<std::int64_t> said_by(std::span<const std::int64_t> path);

/// The fewest labels to insert, delete or replace that make one sequence the other (Levenshtein 1966).
std::int64_t edit_distance(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

}  // namespace unroll
