#pragma once

#include <xbyak/xbyak.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/recording.hpp"
#include "framework/tensor/jit/routine.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll::jit {

/// Elements that go through the instructions together: as many as a register holds or a power of two below,
/// or what is left of a span.
struct Group {
  std::int64_t at = 0;  ///< the first one, from where the index is
  int elements = 0;     ///< 0: a register with as many as are left, which a mask says
};

/// How a routine is entered and what it needs around itself.
struct Surroundings {
  bool counted = false;        ///< over a number of elements, or of iterations, that is known when it runs
  bool calls = false;          ///< functions of the C library
  bool calls_between = false;  ///< other code, between pieces
  int slots = 0;  ///< memory of its own, in registers: two for calls, and values without a register
};

/// Where calls go: the span kernels of one type, by function.
struct CallTargets {
  template <class T>
  explicit CallTargets(const Kernels<T>& table) {
    const auto address = [](auto kernel) { return reinterpret_cast<std::uintptr_t>(kernel); };
    std::ranges::transform(table.unary, unary.begin(), address);
    std::ranges::transform(table.binary, binary.begin(), address);
  }

  std::array<std::uintptr_t, unary_count> unary;
  std::array<std::uintptr_t, binary_count> binary;
};

/// Writes machine code (AVX2 with FMA, or AVX-512) for recordings and products. Operands are found in the
/// array of pointers that a routine is called with, by their slots.
class Emitter : public Xbyak::CodeGenerator {
 public:
  static constexpr std::size_t most_bytes = std::size_t{1} << 18;

  Emitter(Isa isa, int element_bytes, Surroundings surroundings);

  void begin();
  void end();

  /// A chain of n elements.
  void chain(const Recording& recording, std::span<const int> slots, std::int64_t n,
             const CallTargets& targets);
  /// A chain of any number of elements: by loops, and under a mask what is left.
  void counted_chain(const Recording& recording, std::span<const int> slots, const CallTargets& targets);
  /// A chain of as many rows as the count says. They are counted down behind the pointers.
  void row_chain(const Recording& recording, const RowPiece& rows, const CallTargets& targets);
  /// Products of one row, in the order of RowProductKernel: an element of it is read once for as many of them
  /// as registers hold sums for.
  void row_products(std::span<const RowProductPiece> products);

  void call_between(const CallPiece& piece);

  void begin_iteration(Xbyak::Label& next);
  void end_iteration(const IterationMoves& moves, const Xbyak::Label& next);

  int lanes() const { return native_bytes_ / element_bytes_; }
  /// Memory of its own that the code needed, in registers.
  int needed_slots() const { return slots_; }

 private:
  friend class GroupWriter;

  /// A register's worth of a product's result.
  struct Columns {
    Group group;
    const RowProductPiece* product;
  };

  /// A register's worth of an operand that is in a register as well as in memory.
  struct Left {
    int slot;
    std::int64_t at;
    int bytes, number;
  };

  /// A register's worth of an operand that is the same in all rows, or of one that is for all elements.
  struct Kept {
    int slot;
    std::int64_t at;
    int number;
  };

  static constexpr int slot_bytes = 64, call_slots = 2;
  static constexpr int mask_registers = 6;  ///< of AVX-512, k2 and on

  bool keeps_registers() const { return around_.calls || around_.calls_between; }
  int registers_of(const Recording& recording, Tile tile) const;
  int registers() const { return isa_ == Isa::avx512 ? 32 : 16; }
  int free_registers() const;
  bool has_room_for(const Recording& recording, Tile tile) const;
  Tile most_in_a_row(const Recording& recording) const;
  std::optional<Tile> several_rows(const Recording& recording, const RowPiece& piece, Tile in_a_row) const;
  double memory_of_group(const Recording& recording, Tile tile) const;
  void full_groups(const Recording& recording, std::span<const int> slots, Tile tile,
                   const CallTargets& targets);
  /// Registers that the running values of one sum take.
  int running_registers() const { return static_cast<int>(running_values) / std::min(16, lanes()); }
  Xbyak::Address rows_left(const RowPiece& piece);
  std::int64_t columns_of_sums(const RowPiece& piece) const;
  void tiles_of_columns(const Recording& recording, const RowPiece& piece, std::int64_t columns,
                        Tile in_a_row, const CallTargets& targets);
  void back_to_first_row(const RowPiece& piece);
  void written_out(const Recording& recording, std::span<const int> slots, std::int64_t n, int columns,
                   const CallTargets& targets);
  void rows_at_once(const Recording& recording, const RowPiece& piece, Tile tile,
                    const std::function<void(Tile)>& elements);
  void elements_of_row(const Recording& recording, const RowPiece& piece, Tile tile,
                       const CallTargets& targets);
  void rest_of_row(const Recording& recording, std::span<const int> slots, std::int64_t n, int rows,
                   const CallTargets& targets);
  void hold_pointers(const Recording& recording);
  bool is_held(int slot) const;
  void end_rows(const RowPiece& piece, int rows);
  void hold_sums(const std::vector<RowPiece::Total>& totals);
  void begin_sums();
  void end_sums();
  int held_registers() const;
  Xbyak::Xmm running(int operand, std::int64_t group) const;
  void clear_running(const RowPiece::Total& total);
  void finish_sum(const RowPiece::Total& total);
  void exchange_running(const RowPiece::Total& total, bool out);
  /// Gives constants the registers that a tile leaves.
  void keep_constants(const Recording& recording, Tile tile, int least_reads);
  void keep_loads(const Recording& recording, Tile tile, std::int64_t columns);
  std::optional<int> kept_load(int slot, std::int64_t element) const;

  Xbyak::Xmm vector(int number, int bytes) const;
  Xbyak::Reg64 pointer(int slot);
  Xbyak::Address address(int slot, std::int64_t element);
  Xbyak::Address address_of_one(int slot, std::int64_t element);
  /// How far on an operand is, `row` rows of a chain later.
  std::int64_t on_by_rows(int slot, int row) const;
  /// Asks for what lies ahead of a group's elements, where the chain wants it: to read it, or to write it.
  void ask_ahead(int slot, std::int64_t element, bool to_write);
  Xbyak::Address constant(std::uint64_t bits);
  void load_constant(const Xbyak::Xmm& to, std::uint64_t bits);
  template <class To, class From>
  void move(const To& to, const From& from, int bytes);
  Xbyak::Address grouped_address(int slot, std::int64_t element, std::int64_t group);
  void load_grouped(const Xbyak::Xmm& to, int slot, std::int64_t element, std::int64_t group);
  void load(const Xbyak::Xmm& to, const Xbyak::Address& from, int bytes);
  void store(const Xbyak::Address& to, const Xbyak::Xmm& from, int bytes);
  void broadcast(const Xbyak::Xmm& to, const Xbyak::Address& from);
  void set_mask();
  void forget_pointers();
  void add_products(std::span<const Columns> columns);
  std::vector<Left>::iterator find_left(int slot, std::int64_t at);
  void look_up(int to, int index, const float* table);
  void write_constants();
  void write_tables();

  Isa isa_;
  int element_bytes_, native_bytes_;
  Surroundings around_;
  Xbyak::Reg64 base_, count_, index_;
  Xbyak::Reg64 group_index_ = rax;  ///< in rows: the index, counted in groups of elements
  std::vector<Xbyak::Reg64> pointer_registers_;
  std::vector<int> held_slots_;  ///< by pointer register; -1: none
  std::size_t next_pointer_ = 0;
  std::size_t pinned_ = 0;             ///< registers whose pointers stay
  bool indexed_ = false;               ///< addresses count from the index
  std::vector<bool> asked_for_;        ///< of a chain of rows, by slot; else empty
  std::vector<std::int64_t> strides_;  ///< likewise: elements from row to row
  std::int64_t ahead_ = 0;             ///< elements from what is asked for to what is in work
  int slots_ = 0;                      ///< of the frame, that have been in use
  std::map<std::uint64_t, Xbyak::Label> constants_;
  std::map<const float*, Xbyak::Label> tables_;
  std::map<std::uint64_t, int> kept_constants_;  ///< their registers, counted down from the last one
  std::vector<Kept> kept_loads_;                 ///< likewise, behind the constants
  std::vector<RowPiece::Total> totals_;  ///< in registers from the last one down, before the constants
  std::vector<Left> left_;               ///< by the products before a chain
  Xbyak::Label mask_window_;
};

/// Full registers, then powers of two: a masked store would hold up who loads it next.
std::vector<Group> groups_of(std::int64_t n, int lanes);

}  // namespace unroll::jit
