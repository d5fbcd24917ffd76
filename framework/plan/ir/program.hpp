#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "framework/autodiff/op.hpp"

/// The planner's form of a tape: code over values, each of which is defined once and never changes. It knows
/// neither sizes nor storage: what shares bytes with what is decided last, by plan/bind.
namespace unroll::ir {

using Id = std::int32_t;  ///< of a value of the program, in loops and outside
inline constexpr Id none = -1;

struct Value {
  Dims dims;
  Kind kind = Kind::real;
  std::string name;  ///< what it is in the recorded equations, for those who read the program
};

/// out = op(in...), or onto + op(in...).
struct Compute {
  const Op* op;
  Attrs attrs;
  std::vector<Id> in;
  Id out = none;
  Id onto = none;  ///< of `out`'s shape; only for ops that say `accumulates`
};

/// Elementwise ops on values of one shape, run as one pass over parts that stay in the cache. Values that are
/// not in `out` never leave it.
struct Chain {
  Dims dims;
  std::vector<Compute> links;
  std::vector<Id> out;
};

struct Instruction;

/// Runs its body once for each step or part of an axis of `length`. The body may read whatever was defined
/// before the loop. What an iteration computes is seen by the next one as a state, and outside as a stack
/// over all iterations or as a final state.
struct Loop {
  /// One step after the other. `state_sizes` are the elements of each recorded state.
  struct Steps {
    Dims state_sizes;
  };
  /// R steps at a time, in whose body a loop over these steps may stand.
  struct Blocks {
    Dims state_sizes;
  };
  /// S steps at a time, between two checkpoints.
  struct Segments {};
  /// R rows at a time of work that has no order; `widest` are the elements of its widest value in one row.
  struct Rows {
    Dim widest = 0;
  };
  using Over = std::variant<Steps, Blocks, Segments, Rows>;

  /// The part of a value that one iteration reads: index t, or indices t, t + 1, ... of its first axis. A
  /// part of a whole whose first axis counts the iterations is one row of it.
  struct Slice {
    Id whole, part;
  };
  /// The same for a value that the iterations make.
  struct Stack {
    Id part, whole;
  };
  struct State {
    Id initial, before, after;
    Id final = none;  ///< none where nobody reads it
  };

  Over over;
  Dim length = 0;
  bool reverse = false;
  std::vector<Slice> slices = {};
  std::vector<State> states = {};
  std::vector<Stack> stacks = {};
  Id step_index = none;  ///< the absolute time step, where the body reads it
  std::vector<Instruction> body;

  template <class Kind>
  bool is() const {
    return std::holds_alternative<Kind>(over);
  }
  /// Indices of the axis that an iteration is about.
  Dim stride() const;
};

struct Instruction {
  std::variant<Compute, Chain, Loop> is;

  Compute* compute() { return std::get_if<Compute>(&is); }
  const Compute* compute() const { return std::get_if<Compute>(&is); }
  Chain* chain() { return std::get_if<Chain>(&is); }
  const Chain* chain() const { return std::get_if<Chain>(&is); }
  Loop* loop() { return std::get_if<Loop>(&is); }
  const Loop* loop() const { return std::get_if<Loop>(&is); }
};

using Code = std::vector<Instruction>;

struct Program {
  std::vector<Value> values;
  std::vector<Id> inputs;
  std::vector<Id> frozen;  ///< inputs that stay as they are from run to run
  std::vector<Id> outputs;
  Code once;  ///< depends on sizes and frozen inputs alone: done again only when they change
  Code code;

  Id add(Value value) {
    values.push_back(std::move(value));
    return static_cast<Id>(values.size()) - 1;
  }
  /// A value like another one, of other dims.
  Id add_like(Id value, Dims dims) { return add({std::move(dims), values[value].kind, values[value].name}); }
  const Dims& dims(Id value) const { return values[value].dims; }
  bool is_frozen(Id value) const { return std::ranges::find(frozen, value) != frozen.end(); }
};

}  // namespace unroll::ir
