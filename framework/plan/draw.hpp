#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "framework/plan/pipeline.hpp"

namespace unroll {

/// What the planner makes of a tape, as Graphviz DOT: a vertex for each instruction (a fused chain is one)
/// and for each state that is carried, edges along the data, dashed where a state goes into the next step.
/// Colours tell the forward pass, which is what `outputs[forward_outputs - 1]` and those before it need, from
/// the rest, the backward pass; dark ones are done step by step, light ones were moved out of the loop (or
/// never in it), grey ones are inputs.
void write_plan_dot(std::ostream& out, const Tape& tape, const std::vector<Var>& outputs,
                    std::size_t forward_outputs, const PlanOptions& options = {});

}  // namespace unroll
