#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

bool is_single_step(const Loop& loop) {
  return loop.is<Loop::Steps>() && loop.length == Dim(1) && loop.step_index == none;
}

/// Puts bodies in the place of loops. Their states are other names for values.
class Inlining {
 public:
  explicit Inlining(Program& program) : program_(program) {}

  void run() {
    Code code;
    for (Instruction& instruction : program_.code)
      if (Loop* loop = instruction.loop(); loop && is_single_step(*loop))
        inline_body(*loop, code);
      else
        code.push_back(std::move(instruction));
    program_.code = std::move(code);
    each_read_of(program_.code, [&](Id& id) { id = named(id); });
    for (Id& output : program_.outputs) output = named(output);
  }

 private:
  void inline_body(Loop& loop, Code& code) {
    for (const Loop::Slice& slice : loop.slices)
      other_name_[slice.part] = append_reshape(program_, code, slice.whole, program_.dims(slice.part));
    for (const Loop::State& state : loop.states) {
      other_name_[state.before] = state.initial;
      if (state.final != none) other_name_[state.final] = state.after;
    }
    for (Instruction& instruction : loop.body) code.push_back(std::move(instruction));
    for (const auto& [part, whole] : loop.stacks) {
      const Value& made = program_.values[whole];
      code.push_back({Compute{&reshape_op(made.kind), DimsAttrs{made.dims}, {part}, whole}});
    }
  }

  Id named(Id id) const {
    for (auto at = other_name_.find(id); at != other_name_.end(); at = other_name_.find(id)) id = at->second;
    return id;
  }

  Program& program_;
  std::map<Id, Id> other_name_;
};

}  // namespace

void single_steps(Program& program) { Inlining(program).run(); }

}  // namespace unroll::passes
