#pragma once

#include <array>
#include <span>
#include <vector>

#include "framework/tensor/jit/emitter.hpp"

namespace unroll::jit {

/// Thrown where a recording needs more registers of masks than there are, or one more of others.
struct OutOfRegisters {};

/// Writes one group of a recording: gives each result a register from where it is made to where it is last
/// read, and puts the one whose next reader is furthest away into the frame where there are too few.
class GroupWriter {
 public:
  GroupWriter(Emitter& out, const Recording& recording, std::span<const int> slots, Group group,
              const CallTargets& targets);
  void run();

 private:
  using Xmm = Xbyak::Xmm;

  void write(const Instruction& instruction);
  void write_binary(const Instruction& instruction);
  void write_fused(const Instruction& instruction);
  void write_compare(const Instruction& instruction);
  void write_mask(const Instruction& instruction);
  void write_select(const Instruction& instruction);
  void write_call(const Instruction& instruction);
  void write_group_sums(const Instruction& instruction);

  void apply(Operation operation, const Xmm& to, const Xmm& a, const Xbyak::Operand& b);

  Xmm within_mask(const Xmm& from);
  void load_elements(const Instruction& instruction);
  void store_elements(const Instruction& instruction);
  void drop_left(std::vector<Emitter::Left>::iterator left);

  bool last_read(const Source& source) const;
  bool stays(int number) const;
  int next_read(int result) const;
  Xmm in_register(const Source& source);
  void release(const Source& source);
  int free_register();
  Xmm made();
  bool in_memory(const Source& source) const;
  template <class Use>
  void with(const Source& source, Use use);
  bool dies_alone(const Source& source, const Source& x, const Source& y) const;
  void become_result(const Xmm& made_in, const Instruction& i);
  void give(int result, int number);
  int mask_register();
  int free_slot();
  void put_into_frame(int result);
  Xbyak::Address slot(int number) const;
  /// The first element of an instruction's group, in its row.
  std::int64_t place(const Instruction& i) const { return group_.at + i.column * out_.lanes(); }
  int slot_of(const Instruction& i) const { return slots_[static_cast<std::size_t>(i.number)]; }
  /// How far on the operand is in the instruction's row.
  std::int64_t on_by_rows(const Instruction& i) const { return out_.on_by_rows(slot_of(i), i.row); }
  Xmm vector(int number) const { return out_.vector(number, width_); }

  Emitter& out_;
  const Recording& recording_;
  std::span<const int> slots_;
  Group group_;
  const CallTargets& targets_;
  int width_;  ///< bytes of the registers
  int bytes_;  ///< in memory; 0: masked
  int at_ = 0;
  std::vector<int> last_read_;    ///< by result: an instruction
  std::vector<int> register_of_;  ///< by result; -1: none
  std::vector<int> slot_of_;      ///< by result; -1: none
  std::vector<int> held_;         ///< by register: its result; -1: none
  std::vector<bool> busy_;        ///< by register: an operand of the instruction that is being written
  std::array<bool, 8> mask_free_;
  std::vector<bool> slot_taken_;  ///< of the frame, behind those of calls
};

}  // namespace unroll::jit
