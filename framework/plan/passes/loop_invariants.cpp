#include <map>

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

/// Stacks of what is the same at every step, by their whole.
std::map<Id, Id> steady_stacks(const Program& program) {
  std::map<Id, Id> steady;
  for (const Instruction& instruction : program.code) {
    const Loop* loop = instruction.loop();
    if (!loop || !loop->is<Loop::Steps>()) continue;
    std::vector<bool> own(program.values.size(), false);
    each_argument(*loop, [&](Id id) { own[id] = true; });
    for (const Instruction& inner : loop->body) each_result(inner, [&](Id id) { own[id] = true; });
    for (const Loop::Stack& stack : loop->stacks)
      if (!own[stack.part]) steady[stack.whole] = stack.part;
  }
  return steady;
}

/// Steps that slice such a stack read the one value. Says whether there are any.
bool read_directly(Program& program) {
  const std::map<Id, Id> steady = steady_stacks(program);
  bool any = false;
  for (Instruction& instruction : program.code) {
    Loop* loop = instruction.loop();
    if (!loop || !loop->is<Loop::Steps>()) continue;
    any = std::erase_if(loop->slices,
                        [&](const Loop::Slice& slice) {
                          const auto found = steady.find(slice.whole);
                          if (found != steady.end()) replace_reads(program, slice.part, found->second);
                          return found != steady.end();
                        }) > 0 ||
          any;
  }
  return any;
}

}  // namespace

void loop_invariants(Program& program) {
  leave_loops(program, program.code);
  if (!read_directly(program)) return;
  remove_dead(program);
  leave_loops(program, program.code);
}

}  // namespace unroll::passes
