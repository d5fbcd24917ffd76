#include "framework/plan/passes/block_loop.hpp"

#include <algorithm>

#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::passes {

using namespace ir;

namespace {

Loop in_blocks(Program& program, Loop steps) {
  Loop block{.over = Loop::Blocks{std::get<Loop::Steps>(steps.over).state_sizes},
             .length = steps.length,
             .reverse = steps.reverse,
             .body = {}};
  steps.over = Loop::Steps{};
  steps.length = Dim::block();
  for (Loop::Slice& slice : steps.slices) {
    const Id part = program.add_like(slice.part, over_block(program.dims(slice.part)));
    block.slices.push_back({slice.whole, part});
    slice.whole = part;
  }
  for (Loop::State& state : steps.states) {
    const Id before = program.add(program.values[state.before]),
             after = program.add(program.values[state.before]);
    block.states.push_back({state.initial, before, after, state.final});
    state.initial = before;
    state.final = after;
  }
  for (Loop::Stack& stack : steps.stacks) {
    const Id part = program.add_like(stack.part, over_block(program.dims(stack.part)));
    block.stacks.push_back({part, stack.whole});
    stack.whole = part;
  }
  block.body.push_back({std::move(steps)});
  return block;
}

}  // namespace

Loop* steps_of(Instruction& instruction) {
  Loop* loop = instruction.loop();
  if (!loop || loop->is<Loop::Steps>()) return loop;
  for (Instruction& inner : loop->body)
    if (Loop* steps = inner.loop(); steps && steps->is<Loop::Steps>()) return steps;
  return nullptr;
}

BlockLoop::BlockLoop(Program& program, Code& code, std::size_t at) : program_(program), code_(code), at_(at) {
  if (Loop& loop = *code[at].loop(); loop.is<Loop::Steps>()) code[at] = {in_blocks(program, std::move(loop))};
}

std::size_t BlockLoop::steps_at() {
  const Code& body = block().body;
  return static_cast<std::size_t>(
      std::ranges::find_if(body, [](const Instruction& i) { return i.loop() != nullptr; }) - body.begin());
}

BlockOperands BlockLoop::operands(const Compute& compute) {
  BlockOperands operands;
  for (const Id in : compute.in) {
    operands.in.push_back(up(in));
    operands.stacked.push_back(operands.in.back() != in);
  }
  return operands;
}

bool BlockLoop::own_to_steps(Id value) {
  bool own = false;
  const auto note = [&](Id id) { own = own || id == value; };
  each_argument(steps(), note);
  for (const Instruction& instruction : steps().body) each_result(instruction, note);
  return own;
}

Id BlockLoop::up(Id value) {
  if (const auto found = moved_.find(value); found != moved_.end()) return found->second;
  for (const Loop::Slice& slice : steps().slices)
    if (slice.part == value) return slice.whole;
  if (!own_to_steps(value)) return value;  // stacked or not: it is there before the steps
  for (const Loop::Stack& stack : steps().stacks)
    if (stack.part == value) return stack.whole;
  const Id whole = program_.add_like(value, over_block(program_.dims(value)));
  steps().stacks.push_back({value, whole});
  return whole;
}

void BlockLoop::replace(Id value, Id stacked) {
  moved_[value] = stacked;
  std::erase_if(steps().stacks, [&](const Loop::Stack& stack) {
    if (stack.part != value) return false;
    const auto read_instead = [&](Id& id) {
      if (id == stack.whole) id = stacked;
    };
    each_read_of(block().body, read_instead);
    for (Loop::Stack& outer : block().stacks) read_instead(outer.part);
    return true;
  });
}

void BlockLoop::before_steps(Code code) { insert(block().body, steps_at(), std::move(code)); }
void BlockLoop::after_steps(Code code) { insert(block().body, steps_at() + 1, std::move(code)); }

}  // namespace unroll::passes
