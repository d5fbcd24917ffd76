#include <fmt/format.h>

#include "framework/plan/program.hpp"

namespace unroll {
namespace {

std::string slot_text(const Program& program, SlotId slot) {
  return fmt::format("%{} {}", slot, to_string(program.slots[slot].dims));
}

/// "%7 (B, 100), %8 (B, 100) = chain of add, tanh %3 %4 %5".
std::string fused_text(const Program& program, const Instruction& instruction) {
  std::string text;
  for (const SlotId slot : instruction.fused->out)
    text += (text.empty() ? "" : ", ") + slot_text(program, slot);
  text += " = chain of ";
  for (std::size_t i = 0; i < instruction.fused->chain.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", instruction.fused->chain[i].op->name);
  for (const SlotId in : instruction.in) text += fmt::format(" %{}", in);
  return text;
}

std::string iteration_text(Dim stride) {
  if (stride == Dim(1)) return "each step";
  return fmt::format("{} of {} steps", stride == Dim::segment() ? "segments" : "blocks", to_string(stride));
}

std::string loop_text(const Program& program, const Loop& loop, const std::string& margin, int indent) {
  std::string text = fmt::format("{}for {} of {}{}\n", margin, iteration_text(loop.stride),
                                 to_string(loop.length), loop.reverse ? ", reversed" : "");
  const auto links = [&](const char* what, const std::vector<Loop::Link>& list) {
    for (const Loop::Link& link : list)
      text += fmt::format("{}  {} %{} of {}\n", margin, what, link.inner, slot_text(program, link.outer));
  };
  links("slice", loop.slices);
  links("checkpoint", loop.checkpoints);
  links("capture", loop.captures);
  for (const Loop::State& state : loop.states)
    text +=
        fmt::format("{}  state %{} -> %{}, first %{}\n", margin, state.before, state.after, state.initial);
  text += to_text(loop.body, indent + 2);
  links("stack", loop.stacked);
  links("sum", loop.summed);
  links("add to", loop.accumulated);
  return text;
}

}  // namespace

std::string to_text(const Program& program, int indent) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string text;
  const auto line = [&](const Instruction& instruction, const char* mark) {
    if (instruction.loop) {
      text += loop_text(program, *instruction.loop, margin, indent);
      return;
    }
    if (instruction.fused) {
      text += margin + fused_text(program, instruction) + "\n";
      return;
    }
    text += fmt::format("{}{}{} {}= {}", margin, mark, slot_text(program, instruction.out),
                        instruction.accumulate ? "+" : "", instruction.op->name);
    for (const SlotId in : instruction.in) text += fmt::format(" %{}", in);
    text += "\n";
  };
  for (const Instruction& instruction : program.prologue) line(instruction, "once ");
  for (const Instruction& instruction : program.code) line(instruction, "");
  return text;
}

}  // namespace unroll
