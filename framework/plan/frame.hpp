#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "framework/plan/memory.hpp"
#include "framework/plan/program.hpp"

namespace unroll {

/// A program at given sizes: concrete shapes, places in memory, and the pointers that running moves along.
/// Laying out again at other sizes allocates nothing that the largest sizes so far have not needed.
class Frame {
 public:
  Frame(const Program& program, std::size_t real_bytes, bool reuse_memory);

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
  /// After the pointers of outside slots were set: gives reshaped slots the pointers of what they share.
  void share_pointers();
  double flops() const;

 private:
  struct Operands {
    std::vector<const Shape*> shapes;
    std::vector<const void*> pointers;
    std::size_t workspace_bytes = 0;
    std::size_t workspace_offset = 0;
    std::unique_ptr<Frame> loop;
  };

  Operands operands_of(const Instruction& instruction);
  void resolve_shapes(Sizes sizes);
  std::size_t workspace_of(const Instruction& instruction, Operands& operands, Sizes sizes);
  void collect_intervals();
  template <class T>
  void run(const Instruction& instruction, Operands& operands);
  template <class T>
  void run_loop(const Loop& loop, Frame& body);

  const Program& program_;
  std::size_t real_bytes_;
  bool reuse_memory_;
  Sizes sizes_;
  std::byte* memory_ = nullptr;
  std::vector<Shape> shapes_;
  std::vector<std::size_t> bytes_;
  std::vector<std::size_t> offsets_;
  std::vector<std::byte*> pointers_;
  std::vector<Operands> prologue_, code_;
  std::vector<Interval> intervals_;
  std::vector<std::size_t> interval_offsets_;
  std::vector<int> order_;
  std::int64_t step_index_ = 0;  ///< of a loop's body: the absolute time step
};

}  // namespace unroll
