#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "framework/autodiff/op.hpp"
#include "framework/autodiff/tape.hpp"

namespace unroll {

/// The planner's form of a tape: straight-line code over slots, and loops whose bodies are programs again. It
/// holds no sizes of T and B and no memory; a Frame adds those.

using SlotId = std::int32_t;
inline constexpr SlotId no_slot = -1;

/// Where a slot's bytes are.
enum class Place {
  arena,        ///< own bytes, alive from its definition to its last use
  persistent,   ///< own bytes, alive as long as the program
  alternating,  ///< two buffers, used by even and odd steps: a state after a step
  outside,  ///< wherever the pointer shows: inputs, captures, slices of stacked buffers, states before a step
};

struct Slot {
  Dims dims;
  Kind kind = Kind::real;
  Place place = Place::arena;
  SlotId alias = no_slot;  ///< shares the bytes of another slot (reshape)
  int first = 0;           ///< position in the code that defines it
  int last = -1;           ///< last position that reads it
};

struct Loop;

struct Instruction {
  const Op* op;
  Attrs attrs;
  std::vector<SlotId> in;
  SlotId out = no_slot;        ///< of ordinary ops
  std::shared_ptr<Loop> loop;  ///< of scan
};

struct Program {
  std::vector<Slot> slots;
  std::vector<Instruction> prologue;  ///< depends on nothing that changes while the program's caller runs
  std::vector<Instruction> code;
};

/// A scan: per step, slices come in, states are carried, results are stacked or summed.
struct Loop {
  struct Link {
    SlotId outer, inner;
  };
  struct State {
    SlotId initial;  ///< outer
    SlotId before;   ///< inner
    SlotId after;    ///< inner
    SlotId final;    ///< outer; no_slot where nobody asks for it
  };

  Program body;
  Dim length = 0;
  bool reverse = false;
  std::vector<Link> slices, captures, stacked, summed;
  std::vector<State> states;
  std::vector<SlotId> step_index;  ///< inner slots that hold the absolute time step
};

/// Names of the passes, which PlanOptions::without switches off.
namespace passes {
inline constexpr std::string_view common_subexpressions = "common-subexpressions";
inline constexpr std::string_view loop_invariants = "loop-invariants";
inline constexpr std::string_view reshape_in_place = "reshape-in-place";
inline constexpr std::string_view memory_reuse = "memory-reuse";
}  // namespace passes

struct PlanOptions {
  std::vector<std::string_view> without = {};  ///< passes to leave out, for debugging

  bool runs(std::string_view pass) const;
};

/// A program that computes `outputs` and nothing else, and where it holds the inputs and outputs.
struct Lowered {
  Program program;
  std::map<ValueId, SlotId> inputs;  ///< live inputs of the tape
  std::map<ValueId, SlotId> outputs;
};
Lowered lower(const Tape& tape, const std::vector<Var>& outputs, const PlanOptions& options);

/// One line per instruction, loops indented.
std::string to_text(const Program& program, int indent = 0);

}  // namespace unroll
