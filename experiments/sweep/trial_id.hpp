#pragma once

#include <string>

#include "experiments/laboratory.hpp"

namespace unroll {

/// Part of every trial's id. Raise it by one whenever the same settings would give other numbers than before:
/// a default in the options table or the first variant of a task changed, a row got another meaning, or the
/// arithmetic, the random streams or the order of sums did. Old records then no longer count as done. A test
/// pins the defaults of this revision and fails when one changes alone.
inline constexpr int results_revision = 5;

/// What the id is the hash of: one line "key=value" for each result-affecting setting that can matter beside
/// the others and is not at its row's default, and one for the hash of the cell's equations, sorted, then
/// "results_revision=N". A new row whose default keeps the old behaviour therefore keeps all ids.
std::string canonical_text(const Laboratory& laboratory, Config config);

/// XXH3-128 of the canonical text, 32 hex digits.
std::string trial_id(const Laboratory& laboratory, const Config& config);

}  // namespace unroll
