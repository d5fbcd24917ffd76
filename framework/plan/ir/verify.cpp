#include "framework/plan/ir/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::ir {
namespace {

class Verifier {
 public:
  explicit Verifier(const Program& program)
      : program_(program), defined_(program.values.size(), false), visible_(program.values.size(), false) {}

  void run() {
    for (const Id input : program_.frozen) {
      if (std::ranges::find(program_.inputs, input) == program_.inputs.end())
        wrong(name(input), "it is frozen, but no input");
      define(input);
    }
    for (const Instruction& instruction : program_.once) {  // before there are other inputs
      if (!instruction.compute()) wrong("what is done once", "only single ops are done once");
      check(*instruction.compute());
    }
    for (const Id input : program_.inputs)
      if (!program_.is_frozen(input)) define(input);
    check(program_.code);
    for (const Id output : program_.outputs) read(output, "the outputs");
  }

 private:
  [[noreturn]] static void wrong(std::string_view where, const std::string& what) {
    throw std::logic_error(fmt::format("[verify] {}: {}", where, what));
  }

  std::string name(Id id) const { return value_text(program_, id); }
  const Dims& dims(Id id) const { return program_.dims(id); }

  void exists(Id id, std::string_view where) const {
    if (id < 0 || static_cast<std::size_t>(id) >= program_.values.size())
      wrong(where, fmt::format("there is no value {}; the program has {}", id, program_.values.size()));
  }

  void define(Id id) {
    exists(id, "a definition");
    if (defined_[id]) wrong(name(id), "it is defined twice");
    defined_[id] = visible_[id] = true;
  }

  void read(Id id, std::string_view where) const {
    exists(id, where);
    if (!visible_[id])
      wrong(where, fmt::format("it reads {}, which is {}", name(id),
                               defined_[id] ? "defined in a loop that it is not in" : "not defined before"));
  }

  void same_dims(std::string_view where, Id a, const Dims& expected, std::string_view role) const {
    if (dims(a) != expected)
      wrong(where, fmt::format("{} {} has shape {}, expected {}", role, name(a), to_string(dims(a)),
                               to_string(expected)));
  }

  void check(const Code& code) {
    for (const Instruction& instruction : code) {
      if (const Compute* compute = instruction.compute()) check(*compute);
      if (const Chain* chain = instruction.chain()) check(*chain);
      if (const Loop* loop = instruction.loop()) check(*loop);
    }
  }

  void same_kind(std::string_view where, Id a, Id b) const {
    if (program_.values[a].kind != program_.values[b].kind)
      wrong(where, fmt::format("{} and {} are not of one kind", name(a), name(b)));
  }

  std::string line(const Compute& compute) const {
    if (!compute.op) wrong(name(compute.out), "there is no op that makes it");
    return fmt::format("{} = {}", name(compute.out), compute.op->name);
  }

  /// What the op's row says of its operands, and the shape that it makes of them.
  Dims result_of(const Compute& compute, std::string_view where) const {
    const OperandSpecs& operands = compute.op->operands;
    if (!operands.any_number() && compute.in.size() != operands.size())
      wrong(where, fmt::format("it takes {} operands, not {}", operands.size(), compute.in.size()));
    for (std::size_t i = 0; i < compute.in.size(); ++i) {
      read(compute.in[i], where);
      if (program_.values[compute.in[i]].kind != operands[i].kind)
        wrong(where, fmt::format("operand {} has the wrong kind", name(compute.in[i])));
    }
    if (!compute.op->shape || !compute.op->forward.f32)
      wrong(where, "it is no instruction: it has no kernel");
    std::vector<Dims> in;
    for (const Id id : compute.in) in.push_back(dims(id));
    return compute.op->shape({compute.op->name, in, compute.attrs});
  }

  void check(const Compute& compute) {
    const std::string where = line(compute);
    const Dims expected = result_of(compute, where);
    if (compute.onto != none) read(compute.onto, where);
    define(compute.out);
    if (program_.values[compute.out].kind != compute.op->result)
      wrong(where, "the result has the wrong kind");
    same_dims(where, compute.out, expected, "the result");
    if (compute.onto == none) return;
    same_dims(where, compute.onto, dims(compute.out), "the value it adds to");
    if (program_.values[compute.onto].kind != compute.op->result)
      wrong(where, "the value it adds to has the wrong kind");
    if (!compute.op->accumulates) wrong(where, "this op cannot add to a value");
  }

  void check(const Chain& chain) {
    if (chain.links.empty()) wrong("a chain", "it is empty");
    std::vector<Id> inner;
    for (const Compute& link : chain.links) {
      const std::string where = line(link) + " in a chain";
      const Dims expected = result_of(link, where);
      const bool sum = sums(*link.op) && sums_by_row(expected, chain.dims);
      if (!(chainable(*link.op) || sum) || (link.onto != none && !sum)) wrong(where, "it is not elementwise");
      if (link.onto != none) {
        read(link.onto, where);
        same_dims(where, link.onto, expected, "the value it adds to");
      }
      define(link.out);
      same_dims(where, link.out, expected, "the result");
      same_dims(where, sum ? link.in[0] : link.out, chain.dims, sum ? "what is added up" : "the result");
      for (const Id in : link.in)
        if (!access_in_chain(dims(in), chain.dims))
          wrong(where, fmt::format("{} of shape {} broadcasts along an axis in the middle", name(in),
                                   to_string(dims(in))));
      inner.push_back(link.out);
    }
    for (const Id id : inner) visible_[id] = false;
    for (const Id out : chain.out) {
      if (std::ranges::find(inner, out) == inner.end())
        wrong("a chain", fmt::format("it gives {}, which no link of it makes", name(out)));
      if (visible_[out]) wrong("a chain", fmt::format("it gives {} twice", name(out)));
      visible_[out] = true;
    }
  }

  /// The first axis of a whole is as long as the loop, or a number of times as long; its part has as many
  /// indices of it for each of the iteration's, or is one row where the whole has a row for each iteration.
  void check_part(const Loop& loop, Id whole, Id part) const {
    const std::string where = fmt::format("part {} of {}", name(part), name(whole));
    if (program_.values[whole].kind != program_.values[part].kind) wrong(where, "the kinds differ");
    if (dims(whole).empty()) wrong(where, "a scalar has no parts");
    Dims rest(dims(whole).begin() + 1, dims(whole).end());
    const Dim first = dims(whole)[0];
    const bool row_each =
        loop.is<Loop::Steps>() ? first == loop.length : loop.is<Loop::Segments>() && first == Dim::segments();
    if (row_each && dims(part) == rest) return;
    const std::optional<Dim> share = quotient(first, loop.length);
    if (!share || loop.is<Loop::Steps>())
      wrong(where, fmt::format("shapes {} and {} do not fit a loop of {}", to_string(dims(whole)),
                               to_string(dims(part)), to_string(loop.length)));
    rest.insert(rest.begin(), *share * loop.stride());
    same_dims(where, part, rest, "the part");
  }

  void check_index(Id index) {
    define(index);
    if (program_.values[index].kind != Kind::integer || !dims(index).empty())
      wrong(name(index), "a step's index is an integer scalar");
  }

  void check(const Loop& loop) {
    const std::vector<bool> outside = visible_;
    for (const Loop::Slice& slice : loop.slices) read(slice.whole, "a slice");
    for (const Loop::State& state : loop.states) read(state.initial, "a state");
    for (const Loop::Slice& slice : loop.slices) {
      define(slice.part);
      check_part(loop, slice.whole, slice.part);
    }
    for (const Loop::State& state : loop.states) {
      define(state.before);
      same_dims("a state", state.before, dims(state.initial), "the state before");
      same_kind("a state", state.before, state.initial);
    }
    if (loop.step_index != none) check_index(loop.step_index);
    check(loop.body);
    for (const Loop::Stack& stack : loop.stacks) read(stack.part, "a stack");
    for (const Loop::State& state : loop.states) {
      read(state.after, "a state");
      same_dims("a state", state.after, dims(state.initial), "the state after");
      same_kind("a state", state.after, state.initial);
    }
    visible_ = outside;
    for (const Loop::Stack& stack : loop.stacks) {
      define(stack.whole);
      check_part(loop, stack.whole, stack.part);
    }
    for (const Loop::State& state : loop.states)
      if (state.final != none) {
        define(state.final);
        same_dims("a state", state.final, dims(state.initial), "the final state");
        same_kind("a state", state.final, state.initial);
      }
  }

  const Program& program_;
  std::vector<bool> defined_, visible_;
};

}  // namespace

void verify(const Program& program) { Verifier(program).run(); }

}  // namespace unroll::ir
