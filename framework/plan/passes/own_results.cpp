#include <algorithm>
#include <set>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// The value whose bytes a reshaped one shows, as far as the code tells.
Id bytes_of(const Code& code, const std::vector<int>& made, Id value) {
  while (made[value] >= 0) {
    const Compute* compute = code[static_cast<std::size_t>(made[value])].compute();
    if (!compute || compute->op->rows != Rows::reshape) break;
    value = compute->in[0];
  }
  return value;
}

Id append_copy(Program& program, Code& code, Id value) {
  return append(program, code, identity_op(program.values[value].kind), {value});
}

/// What others can see is copied: inputs, what is computed once for many runs, what is an output already.
void own_outputs(Program& program) {
  const std::vector<int> made = definitions(program, program.code);
  std::set<Id> taken;
  for (Id& output : program.outputs) {
    const Id bytes = bytes_of(program.code, made, output);
    if (made[bytes] < 0 || !taken.insert(bytes).second) output = append_copy(program, program.code, output);
  }
}

void own_states(Program& program, Code& code) {
  for (Instruction& instruction : code) {
    Loop* loop = instruction.loop();
    if (!loop) continue;
    own_states(program, loop->body);
    const std::vector<int> made = definitions(program, loop->body);
    for (Loop::State& state : loop->states)
      if (made[bytes_of(loop->body, made, state.after)] < 0)
        state.after = append_copy(program, loop->body, state.after);
  }
}

}  // namespace

void own_results(Program& program) {
  own_outputs(program);
  own_states(program, program.code);
}

}  // namespace unroll::passes
