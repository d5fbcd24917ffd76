#pragma once

#include <memory>

#include "experiments/bench/rivals/plain_loop.hpp"

namespace unroll {

/// Of the cell "s4d", null for any other: forward pass and backpropagation through time as somebody writes
/// them: a loop over steps, rows and units, with the 8 complex numbers of a unit's state side by side, that
/// the compiler vectorises. It keeps the states of all steps and reads them once. `x` is (T, B, inputs), else
/// as PlainLoop. What a hand-written kernel of a cell of wide states reaches, beside the floor that `cells
/// bench` states.
std::unique_ptr<PlainLoop> plain_wide_loop(std::string_view cell, StepShape shape);

}  // namespace unroll
