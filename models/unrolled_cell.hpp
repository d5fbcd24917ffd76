#pragma once

#include <vector>

#include "framework/autodiff/scan.hpp"
#include "models/cell.hpp"

namespace unroll {

/// A cell over T steps of B sequences on a tape of its own, with nothing around it: x is (T, B, input_size),
/// the states before the first step are inputs.
struct UnrolledCell {
  UnrolledCell(const Cell& cell, std::int64_t input_size)
      : specs(cell.parameters()), p(tape, specs), x(tape.input("x", {sizes::T, sizes::B, input_size})) {
    for (const StateSpec& state : cell.states())
      initial.push_back(tape.input(state.name + "_0", state.dims(sizes::B)));
    scanned = scan(
        [&](const auto& in, const auto& state) {
          return Step{cell.step(p, {in[0], state}).state};
        },
        {x}, initial);
  }

  Tape tape;
  std::vector<ParameterSpec> specs;
  Parameters p;
  Var x;
  std::vector<Var> initial;
  Scanned scanned;
};

}  // namespace unroll
