#pragma once

#include <vector>

#include "framework/autodiff/scan.hpp"
#include "models/cell.hpp"

namespace unroll {

/// A cell over T steps of B sequences on a tape of its own, with nothing around it: x is (T, B, input_size),
/// the states before the first step are inputs. A second input and feedback are inputs (T, B, size), too.
struct UnrolledCell {
  UnrolledCell(const Cell& cell, std::int64_t input_size)
      : specs(cell.parameters()), p(tape, specs), x(tape.input("x", {sizes::T, sizes::B, input_size})) {
    for (const StateSpec& state : cell.states())
      initial.push_back(tape.input(state.name + "_0", state.dims(sizes::B)));
    std::vector<Var> given = {x};
    if (cell.context_size() > 0)
      given.push_back(context = tape.input("context", {sizes::T, sizes::B, cell.context_size()}));
    if (cell.feedback_size() > 0)
      given.push_back(feedback = tape.input("feedback", {sizes::T, sizes::B, cell.feedback_size()}));
    scanned = scan(
        [&](const auto& in, const auto& state) {
          return Step{cell.step(p, {.x = in[0],
                                    .state = state,
                                    .context = context.valid() ? in[1] : Var{},
                                    .feedback = feedback.valid() ? in.back() : Var{}})
                          .state};
        },
        given, initial);
  }

  Tape tape;
  std::vector<ParameterSpec> specs;
  Parameters p;
  Var x, context, feedback;
  std::vector<Var> initial;
  Scanned scanned;
};

}  // namespace unroll
