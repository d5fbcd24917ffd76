#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "framework/plan/bind/arena.hpp"
#include "framework/plan/bind/binding.hpp"
#include "framework/plan/run/chain_run.hpp"

namespace unroll {

struct FrameOptions {
  std::size_t real_bytes;  ///< 4 or 8
  bool reuse_memory = true;
  std::int64_t block_steps = 0;  ///< R; 0: by steps_per_block()
};

/// The longest block over time; shorter ones divide it.
inline constexpr std::int64_t max_block_steps = 256;
/// R, steps of a block over time. It depends on the recorded step alone, never on T, so that a sum over time
/// is always the same sum of blocks.
std::int64_t steps_per_block(const ir::Loop::Blocks& blocks, Sizes sizes);

/// A program at given sizes: concrete shapes, places in memory, and the pointers that running moves along.
/// Laying out again at other sizes allocates nothing that the largest sizes so far have not needed.
class Frame {
 public:
  Frame(const ir::Program& program, const Binding& binding, const FrameOptions& options);

  /// Shapes and offsets for `sizes`. Returns the bytes that the program needs.
  std::size_t lay_out(Sizes sizes);
  /// Points everything into `memory`, which holds at least lay_out()'s bytes.
  void attach(std::byte* memory);

  /// T is float (real_bytes 4) or double (8).
  template <class T>
  void run_once();
  template <class T>
  void run_code();

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
    const ir::Instruction* instruction;
    int loop = -1;                ///< its body's region
    bool nothing_to_do = false;   ///< a view of bytes that are there
    std::vector<ir::Id> in = {};  ///< roots
    ir::Id out = ir::none;        ///< a root
    ir::Id copied = ir::none;     ///< a root whose bytes the result begins with
    std::vector<const Shape*> shapes = {};
    std::vector<const void*> pointers = {};
    std::optional<ChainRun> chain = {};
    std::vector<std::byte*> chain_pointers = {};
    std::size_t workspace_bytes = 0, workspace_offset = 0;
  };

  /// How far a part moves.
  struct Unit {
    std::ptrdiff_t bytes = 0;
    bool by_iteration = false;  ///< else by step
  };

  /// A region while it runs.
  struct Body {
    std::vector<Step> steps;
    Sizes sizes;
    std::int64_t stride = 1;      ///< of a loop's body: steps per iteration
    std::int64_t first_step = 0;  ///< the absolute time step where the iteration begins
    std::byte* memory = nullptr;
    std::vector<std::byte*> starts;  ///< where the parts that a loop moves along are at its first step
    std::vector<Unit> units;         ///< by move
  };

  static std::size_t index(ir::Id id) { return static_cast<std::size_t>(id); }
  Body& body(int region) { return bodies_[static_cast<std::size_t>(region)]; }
  const Region& region(int number) const { return binding_.regions[static_cast<std::size_t>(number)]; }
  const LoopMoves& moves(int number) const { return binding_.moves[static_cast<std::size_t>(number)]; }

  Step step_of(const ir::Instruction& instruction, int loop) const;
  bool has_bytes(ir::Id value) const;
  void resolve(int region, Sizes sizes);
  void resize(int region, Sizes sizes);
  std::int64_t length(int region) const;
  std::int64_t stride(int region) const;
  Sizes sizes_in(int region, std::int64_t steps) const;
  std::size_t workspace_of(Step& step, Sizes sizes);
  std::size_t lay_out(int region, Sizes sizes);
  void attach(int region, std::byte* memory);
  bool row_for_iteration(ir::Id whole, int region) const;
  std::ptrdiff_t unit(ir::Id whole, int region) const;
  double flops(std::vector<Step>& steps, Sizes sizes);
  double loop_flops(int region);

  template <class T>
  void run(std::vector<Step>& steps, const Body& body);
  template <class T>
  void run_compute(Step& step, const Body& body);
  template <class T>
  void run_loop(int region);
  void enter(int region);
  void leave(int region);
  void move(int region, std::int64_t t, std::int64_t iteration);
  void copy(const std::vector<ir::Loop::Stack>& copies, int region, std::int64_t t);

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
