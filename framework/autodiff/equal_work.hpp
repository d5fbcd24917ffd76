#pragma once

#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// By value the first one on the tape that is made alike, by one op of equal operands; itself where it is the
/// first. `known` says so already of values that come from outside, and is any value's own number for others.
/// What is `apart` is not looked for: somebody asks for its own derivative.
std::vector<ValueId> first_equal(const Tape& tape, std::vector<ValueId> known,
                                 const std::vector<bool>& apart);

/// With nothing known.
std::vector<ValueId> first_equal(const Tape& tape, const std::vector<bool>& apart);

}  // namespace unroll
