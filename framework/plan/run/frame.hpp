#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "framework/plan/bind/arena.hpp"
#include "framework/plan/bind/binding.hpp"
#include "framework/plan/run/chain_run.hpp"

namespace unroll {

struct FrameOptions {
  bool reuse_memory = true;
  std::int64_t block_steps = 0;  ///< R; 0: by steps_per_block()
};

/// A program at given sizes: concrete shapes, places in memory, and the pointers that running moves along. T
/// is float or double. Laying out again at other sizes allocates nothing that the largest sizes so far have
/// not needed.
template <class T>
class Frame {
 public:
  Frame(const ir::Program& program, const Binding& binding, const FrameOptions& options);

  /// Shapes and offsets for `sizes`. Returns the bytes that the program needs.
  std::size_t lay_out(Sizes sizes);
  /// Points everything into `memory`, which holds at least lay_out()'s bytes.
  void attach(std::byte* memory);

  /// What depends on sizes and frozen inputs alone.
  void run_once();
  void run();

  const Shape& shape(ir::Id value) const { return shapes_[index(value)]; }
  std::byte* pointer(ir::Id value) const { return pointers_[index(binding_.root(value))]; }
  /// Of an input.
  void set_pointer(ir::Id value, const void* p) {
    pointers_[index(value)] = static_cast<std::byte*>(const_cast<void*>(p));
  }
  double flops();

  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  /// An instruction, ready to run but for the pointers.
  struct Step {
    const ir::Instruction* instruction = nullptr;
    int position = 0;  ///< in the region's code
    int loop = -1;     ///< its body's region
    std::unique_ptr<ChainRun<T>> chain = {};
    HeldCall<T> held = {};
    jit::Call call = {};              ///< all there is to do, while parts are made for these sizes
    std::vector<ir::Id> values = {};  ///< of a single op: roots of the operands, then of the result
    std::vector<void*> pointers = {};
    std::vector<const Shape*> shapes = {};  ///< of operands
    ir::Id copied = ir::none;               ///< a root whose bytes the result begins with
    std::size_t workspace_bytes = 0, workspace_offset = 0;
  };

  /// A part of a whole, where the loop is.
  struct Moving {
    ir::Id part, whole;        ///< roots
    int rows;                  ///< behind the part that the iteration is about
    bool by_iteration;         ///< the whole has a row for each iteration, not for each step
    std::ptrdiff_t bytes = 0;  ///< from one step, or iteration, to the next
    std::byte* start = nullptr;
  };
  struct Pair {
    ir::Id state;
    std::byte* buffers[2];
  };

  /// Steps that are run one by one, or by a routine that does what they do.
  struct Part {
    std::size_t first, last;
    jit::Routine routine;
  };
  /// What a routine has to know of a step's sizes: elements of a chain, or n and k of a product. A call is
  /// -1.
  using PieceSize = std::array<std::int64_t, 2>;
  struct Parts {
    std::vector<PieceSize> sizes;  ///< by step
    std::vector<Part> parts;       ///< all steps
    jit::Routine loop = {};        ///< where one routine can do all steps and what moves between iterations
  };

  /// A region while it runs.
  struct Body {
    std::vector<Step> steps;
    const Parts* parts = nullptr;  ///< for these sizes; none before it has been run a few times
    std::deque<Parts> made;
    Parts one_by_one;
    int runs = 0;
    Sizes sizes;
    std::int64_t length = 0;      ///< of a loop: in steps
    std::int64_t stride = 1;      ///< of a loop: steps per iteration
    std::int64_t first_step = 0;  ///< the absolute time step where the iteration begins
    bool uses_blocks = true;      ///< else it is the same in blocks of any length
    std::byte* memory = nullptr;
    std::vector<Moving> moving;
    std::vector<Moving> copied_before, copied_after;  ///< stacked by copying: their parts do not move
    std::vector<Pair> pairs;
    /// Where the pointers say how far what moves goes, then how pairs are exchanged.
    std::size_t move_slots = 0;
  };

  static std::size_t index(ir::Id id) { return static_cast<std::size_t>(id); }
  Body& body(int region) { return bodies_[static_cast<std::size_t>(region)]; }
  const Region& region(int number) const { return binding_.regions[static_cast<std::size_t>(number)]; }
  const LoopMoves& moves(int number) const { return binding_.moves[static_cast<std::size_t>(number)]; }
  const Body& around(int number) const { return bodies_[static_cast<std::size_t>(region(number).parent)]; }

  void add_step(std::vector<Step>& steps, const ir::Instruction& instruction, int position, int loop);
  Moving moving(ir::Id part, ir::Id whole, int rows, int region) const;
  bool has_bytes(ir::Id value) const;

  void resolve(int region, Sizes sizes);
  void settle(Step& step, Sizes sizes);
  void resize(int region, Sizes sizes);
  std::int64_t stride(int region) const;
  Sizes sizes_in(int region, std::int64_t steps) const;
  std::size_t workspace_of(Step& step, Sizes sizes);
  std::size_t lay_out(int region, Sizes sizes);
  void attach(std::vector<Step>& steps, std::byte* memory);
  void attach(int region, std::byte* memory);
  double flops(const std::vector<Step>& steps, Sizes sizes);
  double loop_flops(int region);

  void run(Body& body);
  void run(std::span<Step> steps, const Body& body);
  const Parts* ready_parts(int region);
  static jit::Call call_of(Step& step);
  static PieceSize piece_size(const Step& step);
  static void add_piece(const Step& step, jit::RoutineBuilder<T>& routine);
  static Parts make_parts(const std::vector<Step>& steps);
  std::optional<jit::IterationMoves> iteration_moves(int region) const;
  void add_loop(Parts& parts, int region);
  const Parts* parts_of(int region);
  void run_compute(Step& step, const Body& body);
  void run_loop(int region);
  void enter(int region);
  void enter(const LoopMoves::State& state, int region);
  void leave(int region);
  void copy(const std::vector<Moving>& copies, std::int64_t t, std::int64_t stride);

  const ir::Program& program_;
  const Binding& binding_;
  FrameOptions options_;
  std::vector<Step> once_;
  std::vector<Body> bodies_;  ///< by region
  // By value:
  std::vector<Shape> shapes_;
  std::vector<std::size_t> bytes_, row_bytes_;  ///< row: of one index of the first axis
  std::vector<std::size_t> offsets_;
  std::vector<std::byte*> pointers_;  ///< of roots
  std::vector<Interval> intervals_;
  std::vector<std::size_t> interval_offsets_;
  std::vector<int> order_;
};

}  // namespace unroll
