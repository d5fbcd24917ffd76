#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// Takes out of the body what reads nothing of the loop's own.
Code take_invariants(const Program& program, Loop& loop) {
  std::vector<bool> own(program.values.size(), false);
  each_argument(loop, [&](Id id) { own[id] = true; });
  Code taken, rest;
  for (Instruction& instruction : loop.body) {
    bool reads_own = !instruction.compute();
    each_operand(instruction, [&](Id id) { reads_own = reads_own || own[id]; });
    if (reads_own) each_result(instruction, [&](Id id) { own[id] = true; });
    (reads_own ? rest : taken).push_back(std::move(instruction));
  }
  loop.body = std::move(rest);
  return taken;
}

void leave_loops(const Program& program, Code& code) {
  for (std::size_t i = 0; i < code.size(); ++i) {
    Loop* loop = code[i].loop();
    if (!loop) continue;
    leave_loops(program, loop->body);
    Code taken = take_invariants(program, *loop);
    const std::size_t count = taken.size();
    insert(code, i, std::move(taken));
    i += count;
  }
}

}  // namespace

void loop_invariants(Program& program) { leave_loops(program, program.code); }

}  // namespace unroll::passes
