#include "framework/plan/ir/edit.hpp"

#include <algorithm>
#include <iterator>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::ir {

Id append(Program& program, Code& code, const Op& op, std::vector<Id> in, Attrs attrs) {
  std::vector<Dims> dims;
  for (const Id id : in) dims.push_back(program.dims(id));
  const Id out = program.add({op.shape({op.name, dims, attrs}), op.result, std::string(op.name)});
  code.push_back({Compute{&op, std::move(attrs), std::move(in), out}});
  return out;
}

Attrs attrs_for(const Compute& compute, const Dims& out) {
  const Rows rows = compute.op->rows;
  const bool names_shape = rows == Rows::reshape || rows == Rows::spread || rows == Rows::sum;
  return names_shape ? Attrs(DimsAttrs{out}) : compute.attrs;
}

Id append_reshape(Program& program, Code& code, Id value, const Dims& dims) {
  if (program.dims(value) == dims) return value;
  const Id out = append(program, code, reshape_op(program.values[value].kind), {value}, DimsAttrs{dims});
  program.values[out].name = program.values[value].name;
  return out;
}

Id append_zeros(Program& program, Code& code, const Dims& dims) {
  return append(program, code, fill_op, {}, FillAttrs{0, dims});
}

namespace {

/// Gives copied code its names: defines before it reads.
class Renaming {
 public:
  Renaming(Program& program, std::map<Id, Id>& renamed) : program_(program), renamed_(renamed) {}

  void run(Code& code) {
    for (Instruction& instruction : code) {
      if (Compute* compute = instruction.compute()) rename(*compute);
      if (Chain* chain = instruction.chain()) {
        for (Compute& link : chain->links) rename(link);
        for (Id& out : chain->out) read(out);
      }
      if (Loop* loop = instruction.loop()) rename(*loop);
    }
  }

 private:
  void read(Id& id) const {
    if (const auto found = renamed_.find(id); found != renamed_.end()) id = found->second;
  }
  void define(Id& id) {
    if (id != none) id = renamed_[id] = program_.add(program_.values[id]);
  }

  void rename(Compute& compute) {
    for (Id& in : compute.in) read(in);
    read(compute.onto);
    define(compute.out);
  }

  void rename(Loop& loop) {
    for (Loop::Slice& slice : loop.slices) read(slice.whole), define(slice.part);
    for (Loop::State& state : loop.states) read(state.initial), define(state.before);
    define(loop.step_index);
    run(loop.body);
    for (Loop::State& state : loop.states) read(state.after), define(state.final);
    for (Loop::Stack& stack : loop.stacks) read(stack.part), define(stack.whole);
  }

  Program& program_;
  std::map<Id, Id>& renamed_;
};

/// Marks what is needed, from the end of the code to its beginning, then takes out the rest.
class DeadCode {
 public:
  explicit DeadCode(Program& program) : program_(program), live_(program.values.size(), false) {}

  void run() {
    for (const Id output : program_.outputs) live_[output] = true;
    mark(program_.code);
    mark(program_.once);
    sweep(program_.once);
    sweep(program_.code);
  }

 private:
  bool needed(const Instruction& instruction) const {
    bool any = false;
    each_result(instruction, [&](Id id) { any = any || live_[id]; });
    return any;
  }

  bool needed(const Loop::State& state) const {
    return live_[state.before] || (state.final != none && live_[state.final]);
  }

  void mark(const Code& code) {
    for (auto instruction = code.rbegin(); instruction != code.rend(); ++instruction) {
      if (!needed(*instruction)) continue;
      if (const Loop* loop = instruction->loop())
        mark(*loop);
      else
        each_operand(*instruction, [&](Id id) { live_[id] = true; });
    }
  }

  /// A state that the body turns out to read is carried, and needs what it is carried with.
  void mark(const Loop& loop) {
    for (const Loop::Stack& stack : loop.stacks)
      if (live_[stack.whole]) live_[stack.part] = true;
    for (bool more = true; more;) {
      more = false;
      for (const Loop::State& state : loop.states)
        if (needed(state) && !live_[state.after]) live_[state.after] = more = true;
      const std::vector<bool> before = live_;
      mark(loop.body);
      for (const Loop::State& state : loop.states) more = more || live_[state.before] != before[state.before];
    }
    for (const Loop::Slice& slice : loop.slices)
      if (live_[slice.part]) live_[slice.whole] = true;
    for (const Loop::State& state : loop.states)
      if (needed(state)) live_[state.initial] = true;
  }

  void sweep(Code& code) {
    std::erase_if(code, [&](const Instruction& instruction) { return !needed(instruction); });
    for (Instruction& instruction : code)
      if (Loop* loop = instruction.loop()) sweep(*loop);
  }

  void sweep(Loop& loop) {
    std::erase_if(loop.slices, [&](const Loop::Slice& slice) { return !live_[slice.part]; });
    std::erase_if(loop.stacks, [&](const Loop::Stack& stack) { return !live_[stack.whole]; });
    std::erase_if(loop.states, [&](const Loop::State& state) { return !needed(state); });
    for (Loop::State& state : loop.states)
      if (state.final != none && !live_[state.final]) state.final = none;
    if (loop.step_index != none && !live_[loop.step_index]) loop.step_index = none;
    sweep(loop.body);
  }

  Program& program_;
  std::vector<bool> live_;
};

}  // namespace

Code clone(Program& program, const Code& code, std::map<Id, Id>& renamed) {
  Code copy = code;
  Renaming(program, renamed).run(copy);
  return copy;
}

void replace_reads(Program& program, Id from, Id to) {
  const auto replace = [&](Id& id) {
    if (id == from) id = to;
  };
  each_read_of(program.once, replace);
  each_read_of(program.code, replace);
  for (Id& output : program.outputs) replace(output);
}

namespace {

void set_time(Code& code, std::int64_t steps) {
  const auto in_attrs = [&](Compute& compute) { compute.attrs = compute.attrs.at_time(steps); };
  for (Instruction& instruction : code) {
    if (Compute* compute = instruction.compute()) in_attrs(*compute);
    if (Chain* chain = instruction.chain()) {
      chain->dims = at_time(std::move(chain->dims), steps);
      std::ranges::for_each(chain->links, in_attrs);
    }
    Loop* loop = instruction.loop();
    if (!loop) continue;
    loop->length = loop->length.at_time(steps);
    set_time(loop->body, steps);
  }
}

}  // namespace

void set_time(Program& program, std::int64_t steps) {
  for (Value& value : program.values) value.dims = at_time(std::move(value.dims), steps);
  set_time(program.once, steps);
  set_time(program.code, steps);
}

void remove_dead(Program& program) { DeadCode(program).run(); }

void insert(Code& code, std::size_t at, Code added) {
  code.insert(code.begin() + static_cast<std::ptrdiff_t>(at), std::make_move_iterator(added.begin()),
              std::make_move_iterator(added.end()));
}

}  // namespace unroll::ir
