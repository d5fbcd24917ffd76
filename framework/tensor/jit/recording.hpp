#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "framework/tensor/cpu.hpp"

namespace unroll::jit {

/// What a register's worth of a chain does, in single assignment: an instruction's number is its result.
enum class Operation : std::uint8_t {
  load,   ///< of an operand: the group's elements, or one for all of them
  store,  ///< `a` to an operand
  add,
  sub,
  mul,
  div,
  fused,  ///< a b + c, rounded once
  min,    ///< b where either is NaN
  max,
  sqrt,
  scale,  ///< a 2^b, rounded once
  bit_and,
  bit_or,
  bit_xor,
  less,  ///< masks
  less_equal,
  equal,
  unordered,  ///< either is NaN
  mask_and,
  mask_or,
  select,   ///< a ? b : c
  int_sub,  ///< on integers of 32 bits, as all but shifts to the left are
  shift_left,
  shift_right,
  to_real,
  look_up,     ///< of the numbers in `table` the one that the last bits of `a` say
  call_unary,  ///< a function of the C library, by its span kernel
  call_binary,
  add_up,        ///< adds `a` to the running values of an operand, a total
  add_groups,    ///< adds the sums of groups of elements to those of an operand
  write_groups,  ///< writes the sums of groups of elements to an operand
  add_elements,  ///< adds `a` to an operand's elements; side_by_side() takes it apart
};

/// How many operands an instruction has.
constexpr int operands_of(Operation operation) {
  using enum Operation;
  if (operation == load) return 0;
  if (operation == fused || operation == select) return 3;
  const bool one = operation == store || operation == add_up || operation == add_groups ||
                   operation == write_groups || operation == add_elements || operation == sqrt ||
                   operation == shift_left || operation == shift_right || operation == to_real ||
                   operation == look_up || operation == call_unary;
  return one ? 1 : 2;
}

/// Where `number` is an operand that is read or written.
constexpr bool touches_memory(Operation operation) {
  using enum Operation;
  return operation == load || operation == store || operation == add_groups || operation == write_groups;
}

constexpr bool makes_mask(Operation operation) {
  return operation >= Operation::less && operation <= Operation::mask_or;
}

/// An operand of an instruction: a result, or a constant.
struct Source {
  int result = -1;         ///< none, or a constant
  std::uint64_t bits = 0;  ///< of a constant: those of one element

  bool constant() const { return result < 0; }
};

struct Instruction {
  Operation operation;
  Source a, b, c;
  int number = 0;                ///< of an operand, a function, or bits to shift by
  bool one_for_all = false;      ///< of a load
  bool grouped = false;          ///< of a load: one for every `grouped_elements`
  int row = 0, column = 0;       ///< of the group, among those that go through the instructions side by side
  const float* table = nullptr;  ///< of a look_up: a register full of numbers that outlive the recording
};

/// Instructions while they are written down.
struct Recording {
  Isa isa;
  std::vector<Instruction> code = {};

  int add(const Instruction& instruction) {
    code.push_back(instruction);
    return static_cast<int>(code.size()) - 1;
  }
};

/// Groups that go through the instructions side by side: `columns` in each of `rows` rows.
struct Tile {
  int rows = 1, columns = 1;
};

/// The same for all groups of a tile, so that one's instructions hide what another's wait for. Operands that
/// are the same for some groups are read once for these; `strides` says by operand how far on it is in the
/// next row. Sums over the rows are added in their order, as loads, additions and stores.
Recording side_by_side(const Recording& recording, Tile tile, std::span<const std::int64_t> strides = {});

/// By instruction, the last one that reads its result; 0: none.
std::vector<int> last_reads(const Recording& recording);

/// How many are alive together at the most.
struct Alive {
  int values = 0, masks = 0;
};
Alive most_alive(const Recording& recording);

/// Constants that are read at least so often, the ones that are read most often first.
std::vector<std::uint64_t> constants_of(const Recording& recording, int least_reads);

}  // namespace unroll::jit
