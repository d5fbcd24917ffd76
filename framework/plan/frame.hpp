#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "framework/plan/fused.hpp"
#include "framework/plan/memory.hpp"
#include "framework/plan/program.hpp"
#include "framework/tensor/gemm.hpp"

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
std::int64_t steps_per_block(const Loop& loop, Sizes sizes);

/// A program at given sizes: concrete shapes, places in memory, and the pointers that running moves along.
/// Laying out again at other sizes allocates nothing that the largest sizes so far have not needed.
class Frame {
 public:
  Frame(const Program& program, const FrameOptions& options);

  /// Shapes and offsets for `sizes`. Returns the bytes that the program needs.
  std::size_t lay_out(Sizes sizes);
  /// Points everything into `memory`, which holds at least lay_out()'s bytes.
  void attach(std::byte* memory);

  /// Runs the prologue, then the code, through all loops. T is float (real_bytes 4) or double (8).
  template <class T>
  void run_prologue();
  template <class T>
  void run_code();

  const Shape& shape(SlotId slot) const { return shapes_[slot]; }
  std::byte* pointer(SlotId slot) const { return pointers_[slot]; }
  void set_pointer(SlotId slot, const void* p) {
    pointers_[slot] = static_cast<std::byte*>(const_cast<void*>(p));
  }
  /// After the pointers of outside slots were set: gives slots that share bytes their pointers.
  void share_pointers();
  double flops();

 private:
  struct Operands {
    std::vector<const Shape*> shapes;
    std::vector<const void*> pointers;
    std::vector<std::byte*> fused_pointers;
    std::size_t workspace_bytes = 0;
    std::size_t workspace_offset = 0;
    std::optional<FusedRun> fused;
    std::unique_ptr<Frame> loop;
    /// Of a single product, settled for the shapes it has; the one of the plan's type.
    bool product = false;
    std::tuple<HeldProduct<float>, HeldProduct<double>> held;
  };

  double flops(const std::vector<Instruction>& instructions, std::vector<Operands>& operands);
  double loop_flops(const Loop& loop, Frame& body) const;
  Operands operands_of(const Instruction& instruction);
  void order_aliases();
  void resolve_shapes(Sizes sizes);
  /// New sizes that need no more memory than those of lay_out(): the last block of a loop is shorter.
  void resize(Sizes sizes);
  Sizes sizes_in(const Loop& loop, std::int64_t steps) const;
  std::size_t workspace_of(const Instruction& instruction, Operands& operands);
  void collect_intervals();
  bool has_own_bytes(SlotId slot) const;
  template <class T>
  void run(const Instruction& instruction, Operands& operands);
  template <class T>
  void run_loop(const Loop& loop, Frame& body);
  template <class T>
  void enter_loop(const Loop& loop, Frame& body);
  void enter_iteration(const Loop& loop, Frame& body, std::int64_t t, std::int64_t iteration);
  template <class T>
  void leave_iteration(const Loop& loop, Frame& body);

  const Program& program_;
  FrameOptions options_;
  Sizes sizes_;
  std::byte* memory_ = nullptr;
  std::vector<Shape> shapes_;
  std::vector<std::size_t> bytes_;
  std::vector<std::size_t> row_bytes_;  ///< of one index of the first axis
  std::vector<std::size_t> offsets_;
  std::vector<std::byte*> pointers_;
  std::vector<SlotId> aliases_;  ///< each behind what it shares
  std::vector<Operands> prologue_, code_;
  std::vector<Interval> intervals_;
  std::vector<std::size_t> interval_offsets_;
  std::vector<int> order_;
  std::int64_t stride_ = 1;      ///< of a loop's body: steps per iteration
  std::int64_t first_step_ = 0;  ///< of a loop's body: the absolute time step where its iteration begins
};

}  // namespace unroll
