#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "framework/autodiff/op.hpp"
#include "framework/autodiff/tape.hpp"

namespace unroll {

/// The planner's form of a tape: straight-line code over slots, and loops whose bodies are programs again. It
/// holds no sizes and no memory; a Frame adds those.

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
  SlotId alias = no_slot;     ///< shares the bytes of another slot (reshape, history of a state)
  bool next_step = false;     ///< begins one step, a row of its first axis, behind the start of `alias`
  bool has_one_more = false;  ///< has bytes for one more row than its first axis says
  int first = 0;              ///< position in the code that defines it
  int last = -1;              ///< last position that reads it
};

struct Loop;
struct Fused;

struct Instruction {
  const Op* op;
  Attrs attrs = {};
  std::vector<SlotId> in = {};
  SlotId out = no_slot;                     ///< of ordinary ops
  std::shared_ptr<Loop> loop = {};          ///< of scan
  std::shared_ptr<const Fused> fused = {};  ///< of a chain of elementwise ops
  bool accumulate = false;                  ///< adds to what the bytes of `out` hold
};

/// A chain of elementwise ops on values of one shape, run as one pass over parts that stay in the cache.
/// Operands are numbered: first the instruction's `in`, then `out`, then values that never leave the chain.
struct Fused {
  struct Link {
    const Op* op;
    std::array<int, 3> from;
    int to;
  };
  Dims dims;
  std::vector<Link> chain;
  std::vector<SlotId> out;
  int inner = 0;  ///< values that never leave the chain, numbered so that those not alive together share one
};

struct Program {
  std::vector<Slot> slots;
  std::vector<Instruction> prologue;  ///< depends on nothing that changes while the program's caller runs
  std::vector<Instruction> code;

  SlotId add_slot(Slot slot) {
    slots.push_back(std::move(slot));
    return static_cast<SlotId>(slots.size()) - 1;
  }
  /// The slot whose bytes `slot` uses.
  SlotId root(SlotId slot) const {
    while (slots[slot].alias != no_slot) slot = slots[slot].alias;
    return slot;
  }
};

/// A scan: per iteration, slices come in, states are carried, results are stacked or summed. An iteration is
/// one step, or `stride` steps of which the body takes care with loops of its own; the last iteration may be
/// shorter (the first one, in reverse).
struct Loop {
  struct Link {
    SlotId outer, inner;
  };
  struct State {
    SlotId initial;                ///< outer
    SlotId before;                 ///< inner
    SlotId after;                  ///< inner
    SlotId final = no_slot;        ///< outer; no_slot where nobody asks for it
    SlotId history = no_slot;      ///< outer: the state before every step, where somebody asks for it
    SlotId checkpoints = no_slot;  ///< outer: the state before every iteration, likewise
  };

  Program body;
  Dim length = 0;  ///< in steps
  Dim stride = 1;
  bool reverse = false;
  std::vector<Link> slices, captures, stacked;
  /// Set to 0 before the first iteration if the outer slot has bytes of its own, then added to.
  std::vector<Link> summed;
  /// Like `summed`, by instructions of the body that add to their result.
  std::vector<Link> accumulated;
  /// One row for each iteration: the state that another loop had before it.
  std::vector<Link> checkpoints;
  std::vector<State> states;
  std::vector<SlotId> step_index;  ///< inner slots that hold the absolute time step
  Dims state_sizes;  ///< elements of each state of the recorded scan: what the length of blocks depends on
  Dim wide = 0;      ///< of a loop over rows of straight-line code: elements of its widest value in one row
};

/// Slots that an instruction reads and writes, those of loops included.
std::vector<SlotId> reads(const Instruction& instruction);
std::vector<SlotId> writes(const Instruction& instruction);

/// Slots of a loop's body that are looked at from outside: states after the step, results.
std::vector<SlotId> observed(const Loop& loop);

/// Slots of a loop's body that no iteration changes.
std::set<SlotId> steady_slots(const Loop& loop);

/// Fills first and last of every slot, inside loops too. `kept` are read after the code's end.
void find_lifetimes(Program& program, const std::vector<SlotId>& kept);

/// Names of the passes, which PlanOptions::without switches off.
namespace passes {
inline constexpr std::string_view common_subexpressions = "common-subexpressions";
inline constexpr std::string_view loop_invariants = "loop-invariants";
inline constexpr std::string_view reshape_in_place = "reshape-in-place";
inline constexpr std::string_view memory_reuse = "memory-reuse";
inline constexpr std::string_view shared_history = "shared-history";
inline constexpr std::string_view transposed_weights = "transposed-weights";
inline constexpr std::string_view hoisted_inputs = "hoisted-inputs";
inline constexpr std::string_view sunk_results = "sunk-results";
inline constexpr std::string_view rows_in_blocks = "rows-in-blocks";
inline constexpr std::string_view accumulated_products = "accumulated-products";
inline constexpr std::string_view broadcast_once = "broadcast-once";
inline constexpr std::string_view fused_chains = "fused-chains";
inline constexpr std::string_view written_in_place = "written-in-place";
inline constexpr std::array all = {
    common_subexpressions, loop_invariants, reshape_in_place, memory_reuse,   shared_history,
    transposed_weights,    hoisted_inputs,  sunk_results,     rows_in_blocks, accumulated_products,
    broadcast_once,        fused_chains,    written_in_place};
}  // namespace passes

struct PlanOptions {
  std::vector<std::string_view> without = {};  ///< passes to leave out, for debugging
  std::int64_t block_steps = 0;  ///< R, steps of a block over time; 0: from the shapes of the step
  std::size_t max_memory = 0;    ///< bytes that a run may take; 0: as many as it needs

  bool runs(std::string_view pass) const;
};

/// A program that computes `outputs` and nothing else, and where it holds the inputs and outputs.
struct Lowered {
  Program program;
  std::map<ValueId, SlotId> inputs;  ///< live inputs of the tape
  std::map<ValueId, SlotId> outputs;
};
/// With `checkpoints`, loops over time are cut into segments wherever that saves memory.
Lowered lower(const Tape& tape, const std::vector<Var>& outputs, const PlanOptions& options,
              bool checkpoints);

// The passes, each on a program and all loops in it.

/// Weights that a product in a loop would read transposed are transposed before the loop.
void transpose_weights(Program& program);
void transpose_weights(Loop& loop);
/// Loops over steps become loops over blocks of steps: what needs no state comes before a block's steps, what
/// no later step needs after them, over all the block's rows at once.
void run_in_blocks(Program& program, const PlanOptions& options);
/// Loops whose results another loop goes back over keep the state of every S-th step instead, and compute the
/// rest again when it is needed.
void checkpoint(Program& program, const std::vector<SlotId>& kept);
/// Straight-line code on the rows of wide values (the logits of a large readout, and what follows them to its
/// gradients) becomes loops over blocks of rows that stay in the cache: no such value is held whole. `kept`
/// are read after the code's end.
void run_rows_in_blocks(Program& program, const std::vector<SlotId>& kept, const PlanOptions& options);
/// A product that is added to a value which nothing else reads adds to its bytes. `kept` are read after the
/// code's end.
void accumulate_products(Program& program, const std::vector<SlotId>& kept);
/// A bias that elementwise work in a step reads for all rows of the batch is laid out for them before the
/// steps.
void broadcast_once(Program& program);
/// Elementwise instructions on one shape become one. `kept` are read after the code's end.
void fuse_chains(Program& program, const std::vector<SlotId>& kept);

/// Results of chains, and of rows that may, take the bytes of operands that nothing reads any more. Needs
/// lifetimes, and changes them.
void write_in_place(Program& program);

/// One line per instruction, loops indented.
std::string to_text(const Program& program, int indent = 0);

}  // namespace unroll
