#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll::ir {

/// Calls f(id) for each value that the instruction itself reads; a loop for its operands, not for its body.
template <class F>
void each_operand(const Instruction& instruction, F f) {
  const auto of_compute = [&](const Compute& compute) {
    for (const Id in : compute.in) f(in);
    if (compute.onto != none) f(compute.onto);
  };
  if (const Compute* compute = instruction.compute()) of_compute(*compute);
  if (const Chain* chain = instruction.chain())
    for (const Compute& link : chain->links) of_compute(link);
  if (const Loop* loop = instruction.loop()) {
    for (const Loop::Slice& slice : loop->slices) f(slice.whole);
    for (const Loop::State& state : loop->states) f(state.initial);
  }
}

/// Calls f(id) for each value that a loop's end looks at in its body.
template <class F>
void each_observed(const Loop& loop, F f) {
  for (const Loop::Stack& stack : loop.stacks) f(stack.part);
  for (const Loop::State& state : loop.states) f(state.after);
}

/// Calls f(id) for each value that the instruction defines for those behind it. The inner values of a chain
/// are left out.
template <class F>
void each_result(const Instruction& instruction, F f) {
  if (const Compute* compute = instruction.compute()) f(compute->out);
  if (const Chain* chain = instruction.chain())
    for (const Id out : chain->out) f(out);
  if (const Loop* loop = instruction.loop()) {
    for (const Loop::Stack& stack : loop->stacks) f(stack.whole);
    for (const Loop::State& state : loop->states)
      if (state.final != none) f(state.final);
  }
}

/// Calls f(id) for each value that a loop gives to its body.
template <class F>
void each_argument(const Loop& loop, F f) {
  for (const Loop::Slice& slice : loop.slices) f(slice.part);
  for (const Loop::State& state : loop.states) f(state.before);
  if (loop.step_index != none) f(loop.step_index);
}

/// Calls f(id) for each value that the instruction reads, through all loops; once for every time it is read.
/// What a loop defines itself is among it.
template <class F>
void each_read(const Instruction& instruction, F f) {
  each_operand(instruction, f);
  const Loop* loop = instruction.loop();
  if (!loop) return;
  for (const Instruction& inner : loop->body) each_read(inner, f);
  each_observed(*loop, f);
}
template <class F>
void each_read(const Code& code, F f) {
  for (const Instruction& instruction : code) each_read(instruction, f);
}

/// Calls f(id&) for each place in the code that names a value which is read, to put another one there.
template <class F>
void each_read_of(Code& code, F f) {
  const auto of_compute = [&](Compute& compute) {
    for (Id& in : compute.in) f(in);
    if (compute.onto != none) f(compute.onto);
  };
  for (Instruction& instruction : code) {
    if (Compute* compute = instruction.compute()) of_compute(*compute);
    if (Chain* chain = instruction.chain())
      for (Compute& link : chain->links) of_compute(link);
    Loop* loop = instruction.loop();
    if (!loop) continue;
    for (Loop::Slice& slice : loop->slices) f(slice.whole);
    for (Loop::State& state : loop->states) f(state.initial), f(state.after);
    for (Loop::Stack& stack : loop->stacks) f(stack.part);
    each_read_of(loop->body, f);
  }
}

/// Calls f(dim) for each extent that the code names beside those of values, through all loops: in attributes,
/// of chains, and lengths of loops.
template <class F>
void each_extent(const Code& code, F f) {
  const auto of_compute = [&](const Compute& compute) { std::ranges::for_each(compute.attrs.extents(), f); };
  for (const Instruction& instruction : code) {
    if (const Compute* compute = instruction.compute()) of_compute(*compute);
    if (const Chain* chain = instruction.chain()) {
      std::ranges::for_each(chain->dims, f);
      std::ranges::for_each(chain->links, of_compute);
    }
    if (const Loop* loop = instruction.loop()) {
      f(loop->length);
      each_extent(loop->body, f);
    }
  }
}

/// How often each value is read, in the whole program; an output counts as read once more.
std::vector<int> count_reads(const Program& program);

/// Whether anything in the loop's body has an extent in R.
bool uses_blocks(const Program& program, const Loop& loop);

/// The number that a value is everywhere, where the program fills it outside its loops.
std::optional<double> filled_with(const Program& program, Id value);

/// Which instruction of `code` defines each value; -1 for what is defined elsewhere.
std::vector<int> definitions(const Program& program, const Code& code);

}  // namespace unroll::ir
