#include <algorithm>

#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {

using namespace ir;

void frozen_work(Program& program) {
  if (program.frozen.empty()) return;
  std::vector<bool> known(program.values.size(), false);
  for (const Id input : program.frozen) known[input] = true;
  for (const Instruction& instruction : program.once)
    each_result(instruction, [&](Id id) { known[id] = true; });
  const auto moves = [&](const Instruction& instruction) {
    const Compute* compute = instruction.compute();
    return compute && compute->onto == none &&
           std::ranges::all_of(compute->in, [&](Id in) { return known[in]; });
  };
  Code code;
  for (Instruction& instruction : program.code) {
    const bool moved = moves(instruction);
    if (moved) known[instruction.compute()->out] = true;
    (moved ? program.once : code).push_back(std::move(instruction));
  }
  program.code = std::move(code);
}

}  // namespace unroll::passes
