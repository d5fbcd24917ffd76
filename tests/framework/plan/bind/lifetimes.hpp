#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll {

/// When values hold what somebody reads, as follows from a program's text alone: a clock ticks with every
/// instruction in the order of the lines, those in loops included.
class Lifetimes {
 public:
  explicit Lifetimes(const ir::Program& program)
      : spans_(program.values.size()), depth_(program.values.size()) {
    for (const ir::Id input : program.inputs) define(input);
    for (const ir::Instruction& instruction : program.once) visit(instruction);
    const int begin = ++now_;
    visit(program.code);
    ++now_;
    for (const ir::Id output : program.outputs) read(output);
    for (const ir::Instruction& instruction : program.once)  // it is done once for many runs
      spans_[index(instruction.compute()->out)] = {begin, now_};
  }

  struct Span {
    int made = -1;  ///< by the instruction at this time; -1: it is no value that has bytes
    int last = -1;  ///< read
    /// Its bytes are taken for longer than that: by a state in all iterations, by what a loop makes from its
    /// beginning on.
    int from = std::numeric_limits<int>::max(), to = -1;

    int begin() const { return std::min(made, from); }
    int end() const { return std::max(last, to); }
  };
  const Span& operator[](ir::Id id) const { return spans_[index(id)]; }

 private:
  static std::size_t index(ir::Id id) { return static_cast<std::size_t>(id); }

  void define(ir::Id id) {
    spans_[index(id)] = {now_, now_};
    depth_[index(id)] = ends_.size();
  }
  /// What is from outside of a loop is read again in its next iteration: until the loop ends.
  void read(ir::Id id) {
    Span& span = spans_[index(id)];
    const std::size_t depth = depth_[index(id)];
    span.last = std::max(span.last, now_);
    if (depth < ends_.size()) ends_[depth].push_back(id);
  }
  void until(ir::Id id, int end) { spans_[index(id)].last = std::max(spans_[index(id)].last, end); }

  void visit(const ir::Code& code) {
    for (const ir::Instruction& instruction : code) visit(instruction);
  }

  void visit(const ir::Compute& compute) {
    for (const ir::Id in : compute.in) read(in);
    if (compute.onto != ir::none) read(compute.onto);
  }

  void visit(const ir::Instruction& instruction) {
    ++now_;
    if (const ir::Compute* compute = instruction.compute()) visit(*compute), define(compute->out);
    if (const ir::Chain* chain = instruction.chain()) {
      for (const ir::Compute& link : chain->links) visit(link), define(link.out);
    }
    if (const ir::Loop* loop = instruction.loop()) visit(*loop);
  }

  void visit(const ir::Loop& loop) {
    const int begin = now_;
    for (const ir::Loop::Slice& slice : loop.slices) read(slice.whole);
    for (const ir::Loop::State& state : loop.states) read(state.initial);
    ends_.emplace_back();
    ++now_;
    for (const ir::Loop::Slice& slice : loop.slices) define(slice.part);
    for (const ir::Loop::State& state : loop.states) define(state.before);
    if (loop.step_index != ir::none) define(loop.step_index);
    visit(loop.body);
    ++now_;
    for (const ir::Loop::Stack& stack : loop.stacks) read(stack.part);
    for (const ir::Loop::State& state : loop.states) read(state.after);
    const int end = ++now_;
    for (const ir::Id id : ends_.back()) until(id, end);
    ends_.pop_back();
    // Slices are read, and results written, all the time that the loop takes.
    for (const ir::Loop::Slice& slice : loop.slices) read(slice.whole);
    for (const ir::Loop::Stack& stack : loop.stacks) made(stack.whole, begin);
    for (const ir::Loop::State& state : loop.states) {
      taken(state.before, begin, end);
      taken(state.after, begin, end);
      if (state.final != ir::none) define(state.final), taken(state.final, begin, end);
    }
  }

  void made(ir::Id id, int at) {
    define(id);
    spans_[index(id)].made = at;
  }
  void taken(ir::Id id, int from, int to) {
    spans_[index(id)].from = from;
    spans_[index(id)].to = to;
  }

  std::vector<Span> spans_;
  std::vector<std::size_t> depth_;         ///< loops around the definition
  std::vector<std::vector<ir::Id>> ends_;  ///< by loop: what must live until it ends
  int now_ = 0;
};

}  // namespace unroll
