#pragma once

#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll {

/// What the bytes of a value are.
enum class Home {
  arena,   ///< its own, from the instruction that makes it to the last one that reads it
  always,  ///< its own, as long as its region
  pair,    ///< two, used in turn by even and odd iterations: a state after one
  given,   ///< wherever its pointer shows: inputs, and what a loop moves along
  shifted  ///< those of another value, one row before or behind
};

/// The code of the program (region 0) or the body of a loop.
struct Region {
  const ir::Code* code = nullptr;
  const ir::Loop* loop = nullptr;
  int parent = -1;
  int position = -1;                 ///< of the loop in its parent's code
  std::vector<ir::Id> defined = {};  ///< the values whose sizes are those of this region
  std::vector<int> loops = {};       ///< by position in the code: the region of a loop's body, or -1
};

struct Place {
  ir::Id root = ir::none;  ///< the value that has the bytes: itself, or another one
  int region = 0;          ///< that defines the value
  // Of roots:
  Home home = Home::given;
  int first = 0, last = -1;        ///< in the arena: positions in the region's code
  int spare_rows = 0;              ///< bytes for one row more, behind (1) or before (-1) the value
  ir::Id shifted_from = ir::none;  ///< by one row, as that value's `spare_rows` says
};

/// How a loop moves the pointers of its body. Values are roots.
struct LoopMoves {
  /// part = whole, at what the iteration is about and `rows` behind it.
  struct Move {
    ir::Id part, whole;
    int rows = 0;
  };
  struct State {
    ir::Id initial, before, after;
    ir::Id final = ir::none;
    ir::Id history = ir::none;  ///< a stack of which the state before each step is a row
    bool in_place = false;      ///< the state after has the bytes of the state before
    bool stays = false;         ///< the final state is the row of the history where the last step left it
  };
  std::vector<Move> moves = {};
  /// Stacked by copying, before the body runs or behind it.
  std::vector<ir::Loop::Stack> copies_before = {}, copies_after = {};
  std::vector<State> states = {};
};

/// Where the values of a program are in memory: the only stage that knows of storage. It decides what shares
/// bytes with what; how many bytes, and where they lie, depends on sizes and is the frame's to say.
struct Binding {
  std::vector<Region> regions;
  std::vector<LoopMoves> moves;  ///< by region; nothing for the first
  std::vector<Place> places;     ///< by value

  const Place& place(ir::Id value) const { return places[static_cast<std::size_t>(value)]; }
  ir::Id root(ir::Id value) const { return place(value).root; }
};

struct BindOptions {
  bool reshape_in_place = true;  ///< another shape of a value is the same bytes
  bool shared_history = true;    ///< stacked states before and after the steps overlap in one buffer
  bool written_in_place = true;  ///< results take the bytes of operands that nothing reads any more
};

/// The binding points into `program`, which must outlive it.
Binding bind(const ir::Program& program, const BindOptions& options);

}  // namespace unroll
