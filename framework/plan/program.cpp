#include "framework/plan/program.hpp"

#include <algorithm>

namespace unroll {

bool PlanOptions::runs(std::string_view pass) const {
  return std::find(without.begin(), without.end(), pass) == without.end();
}

std::vector<SlotId> reads(const Instruction& instruction) {
  std::vector<SlotId> slots = instruction.in;
  if (!instruction.loop) return slots;
  const Loop& loop = *instruction.loop;
  for (const Loop::Link& link : loop.slices) slots.push_back(link.outer);
  for (const Loop::Link& link : loop.captures) slots.push_back(link.outer);
  for (const Loop::Link& link : loop.checkpoints) slots.push_back(link.outer);
  for (const Loop::State& state : loop.states) slots.push_back(state.initial);
  return slots;
}

std::vector<SlotId> writes(const Instruction& instruction) {
  if (instruction.fused) return instruction.fused->out;
  if (!instruction.loop) return {instruction.out};
  std::vector<SlotId> slots;
  const Loop& loop = *instruction.loop;
  for (const auto* links : {&loop.stacked, &loop.summed, &loop.accumulated})
    for (const Loop::Link& link : *links) slots.push_back(link.outer);
  for (const Loop::State& state : loop.states)
    for (const SlotId slot : {state.final, state.history, state.checkpoints})
      if (slot != no_slot) slots.push_back(slot);
  return slots;
}

std::vector<SlotId> observed(const Loop& loop) {
  std::vector<SlotId> slots;
  for (const auto* links : {&loop.stacked, &loop.summed, &loop.accumulated})
    for (const Loop::Link& link : *links) slots.push_back(link.inner);
  for (const Loop::State& state : loop.states) slots.push_back(state.after);
  return slots;
}

std::set<SlotId> steady_slots(const Loop& loop) {
  std::set<SlotId> steady;
  for (const Loop::Link& link : loop.captures) steady.insert(link.inner);
  for (const Instruction& instruction : loop.body.prologue) steady.insert(instruction.out);
  return steady;
}

void find_lifetimes(Program& program, const std::vector<SlotId>& kept) {
  const auto use = [&](SlotId slot, int position) {
    Slot& root = program.slots[program.root(slot)];
    root.last = std::max(root.last, position);
  };
  const auto define = [&](SlotId slot, int position) {
    Slot& root = program.slots[program.root(slot)];
    if (root.last < 0) root.first = position;
    use(slot, position);  // a slot is also alive where it is written
  };
  for (Slot& slot : program.slots) slot.first = 0, slot.last = -1;
  for (std::size_t i = 0; i < program.code.size(); ++i) {
    const int position = static_cast<int>(i);
    const Instruction& instruction = program.code[i];
    for (const SlotId slot : reads(instruction)) use(slot, position);
    for (const SlotId slot : writes(instruction)) define(slot, position);
    if (instruction.loop) find_lifetimes(instruction.loop->body, observed(*instruction.loop));
  }
  for (const SlotId slot : kept) use(slot, static_cast<int>(program.code.size()));
}

}  // namespace unroll
