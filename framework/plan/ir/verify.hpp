#pragma once

#include "framework/plan/ir/program.hpp"

namespace unroll::ir {

/// Throws std::logic_error, naming the value or the instruction, where a program breaks a rule: each value is
/// defined once, before it is read, in a place that its readers can see; kinds and shapes are those of the
/// ops' rows; slices, stacks and states have the shapes of their roles; elementwise work alone is chained.
void verify(const Program& program);

}  // namespace unroll::ir
