#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "framework/tensor/jit/emitter.hpp"
#include "framework/tensor/jit/group_writer.hpp"

// Chains of rows, and their sums in registers.

namespace unroll::jit {

using Xbyak::Address;
using Xbyak::Xmm;

namespace {

/// Far enough to be there in time, and near enough to be there still.
constexpr std::int64_t bytes_ahead = 2 << 10, most_bytes_ahead = 16 << 10;

/// Where rows are short, what is ahead is in rows that are still to come.
std::int64_t elements_ahead(std::int64_t elements_at_once, int element_bytes) {
  const std::int64_t least = bytes_ahead / element_bytes;
  const std::int64_t whole = (least + elements_at_once - 1) / elements_at_once * elements_at_once;
  return whole * element_bytes <= most_bytes_ahead ? whole : least;
}

/// The operands that instructions read and write, by number: so many pointers are not in registers that it
/// matters which.
std::vector<int> most_used_first(const Recording& recording) {
  std::map<int, int> uses;
  for (const Instruction& i : recording.code)
    if (touches_memory(i.operation)) ++uses[i.number];
  std::vector<int> operands;
  for (const auto& [operand, count] : uses) operands.push_back(operand);
  std::ranges::stable_sort(operands, std::greater(), [&](int operand) { return uses.at(operand); });
  return operands;
}

/// Operands of rows by number are in as many slots.
std::vector<int> slots_of(const RowPiece& piece) {
  std::vector<int> slots(piece.kinds.size());
  std::iota(slots.begin(), slots.end(), 0);
  return slots;
}

}  // namespace

Address Emitter::rows_left(const RowPiece& piece) {
  return qword[base_ + 8 * static_cast<int>(piece.kinds.size())];
}

/// n elements of a row, written out.
void Emitter::written_out(const Recording& recording, std::span<const int> slots, std::int64_t n, int columns,
                          const CallTargets& targets) {
  for (std::int64_t at = 0; at < n;) {
    const auto groups = static_cast<int>(std::min<std::int64_t>(columns, (n - at) / lanes()));
    GroupWriter(*this, side_by_side(recording, {1, groups}), slots, {at, lanes()}, targets).run();
    at += groups * lanes();
  }
}

void Emitter::hold_sums(const std::vector<RowPiece::Total>& totals) {
  totals_ = totals;
  for (RowPiece::Total& total : totals_)
    if (total.registers == 0) total.registers = running_registers();
  constexpr int others = 4;  // two that finish a sum, one for an operand on its way, and the mask's
  if (held_registers() > registers() - others) throw OutOfRegisters();
}

void Emitter::begin_sums() {
  for (const RowPiece::Total& total : totals_)
    total.by_row ? clear_running(total) : exchange_running(total, false);
}

void Emitter::end_sums() {
  pinned_ = next_pointer_ = 0;
  forget_pointers();
  for (const RowPiece::Total& total : totals_)
    if (!total.by_row) exchange_running(total, true);
}

/// Sums in registers are of one row after the other.
void Emitter::row_chain(const Recording& recording, const RowPiece& piece, const CallTargets& targets) {
  asked_for_ = piece.asked_for;
  strides_ = piece.strides;
  mov(rows_left(piece), count_);
  hold_sums(piece.totals);
  if (const std::int64_t rest = piece.elements % lanes(); rest > 0) {
    mov(count_, rest);
    set_mask();
  } else if (lanes() > grouped_elements) {
    mov(eax, 0xffff << grouped_elements & 0xffff);
    kmovd(k1, eax);
  }
  const Tile in_a_row = most_in_a_row(recording);
  if (const std::int64_t columns = columns_of_sums(piece); columns > 0)
    return tiles_of_columns(recording, piece, columns, in_a_row, targets);
  begin_sums();
  hold_pointers(recording);
  const auto elements = [&](Tile tile) { elements_of_row(recording, piece, tile, targets); };
  if (const auto several = several_rows(recording, piece, in_a_row))
    rows_at_once(recording, piece, *several, elements);
  rows_at_once(recording, piece, in_a_row, elements);
  indexed_ = false;
  end_sums();
}

/// Elements of a row for which registers hold the sums over the rows; 0 where there are none.
std::int64_t Emitter::columns_of_sums(const RowPiece& piece) const {
  for (const RowPiece::Total& total : piece.totals)
    if (total.registers > 0) return std::int64_t{total.registers} * lanes();
  return 0;
}

/// All rows of as many columns as registers hold sums for, again and again.
void Emitter::tiles_of_columns(const Recording& recording, const RowPiece& piece, std::int64_t columns,
                               Tile in_a_row, const CallTargets& targets) {
  const std::vector<int> slots = slots_of(piece);
  const Address left = rows_left(piece);
  Xbyak::Label next;
  xor_(index_, index_);
  xor_(group_index_, group_index_);
  mov(count_, left);
  L(next);
  indexed_ = columns < piece.elements;
  begin_sums();
  hold_pointers(recording);
  rows_at_once(recording, piece, in_a_row,
               [&](Tile tile) { written_out(recording, slots, columns, tile.columns, targets); });
  back_to_first_row(piece);
  end_sums();
  if (!indexed_) return;
  mov(left, count_);
  add(group_index_, static_cast<int>(columns / grouped_elements));
  add(index_, static_cast<int>(columns));
  cmp(index_, static_cast<int>(piece.elements));
  jl(next, T_NEAR);
}

/// `count_` rows back, with the pointers that are in memory alone.
void Emitter::back_to_first_row(const RowPiece& piece) {
  for (std::size_t operand = 0; operand < piece.strides.size(); ++operand) {
    const int slot = static_cast<int>(operand);
    if (piece.strides[operand] == 0 || is_held(slot)) continue;
    imul(rcx, count_, static_cast<int>(piece.strides[operand] * element_bytes_));
    sub(qword[base_ + 8 * slot], rcx);
  }
}

/// Several rows side by side, where they share more than the columns of one do: as many as do not make more
/// streams of memory than the CPU follows.
std::optional<Tile> Emitter::several_rows(const Recording& recording, const RowPiece& piece,
                                          Tile in_a_row) const {
  constexpr int most_streams = 16;
  if (!totals_.empty()) return std::nullopt;
  std::set<int> streams;
  for (const Instruction& i : recording.code)
    if (touches_memory(i.operation) && piece.strides[static_cast<std::size_t>(i.number)] >= lanes())
      streams.insert(i.number);
  for (const int rows : {4, 2}) {
    const Tile tile = {rows, 1};
    if (rows > 2 && rows * static_cast<int>(streams.size()) > most_streams) continue;
    if (has_room_for(recording, tile) &&
        memory_of_group(recording, tile) < memory_of_group(recording, in_a_row))
      return tile;
  }
  return std::nullopt;
}

/// How often each group of a tile loads or stores: rows share what stays for all rows, columns what is one
/// for a row.
double Emitter::memory_of_group(const Recording& recording, Tile tile) const {
  const Recording wide = side_by_side(recording, tile, strides_);
  const auto count =
      std::ranges::count_if(wide.code, [](const Instruction& i) { return touches_memory(i.operation); });
  return static_cast<double>(count) / (tile.rows * tile.columns);
}

/// Gives what is the same in all rows the registers that a tile and constants leave: numbers, and vectors
/// where a row, or so many columns of it, is written out.
void Emitter::keep_loads(const Recording& recording, Tile tile, std::int64_t columns) {
  kept_loads_.clear();
  const int constants = static_cast<int>(kept_constants_.size());
  int number = registers() - 2 - held_registers() - constants;
  int room = free_registers() - registers_of(recording, tile) - constants;
  for (const Instruction& i : recording.code) {
    if (i.operation != Operation::load || i.grouped || strides_[static_cast<std::size_t>(i.number)] != 0)
      continue;
    const int needed = i.one_for_all ? 1 : static_cast<int>(columns / lanes());
    if (needed > room) continue;
    room -= needed;
    for (int part = 0; part < needed; ++part) {
      const std::int64_t at = std::int64_t{part} * lanes();
      kept_loads_.push_back({i.number, at, number});
      const Xmm to = vector(number--, native_bytes_);
      i.one_for_all ? broadcast(to, address_of_one(i.number, 0))
                    : load(to, address(i.number, at), native_bytes_);
    }
  }
}

std::optional<int> Emitter::kept_load(int slot, std::int64_t element) const {
  for (const Kept& kept : kept_loads_)
    if (kept.slot == slot && kept.at == element) return kept.number;
  return std::nullopt;
}

/// As many rows as a tile holds, again and again while there are as many left; `elements` writes what is done
/// with theirs.
void Emitter::rows_at_once(const Recording& recording, const RowPiece& piece, Tile tile,
                           const std::function<void(Tile)>& elements) {
  const Address left = rows_left(piece);
  Xbyak::Label next, rest;
  keep_constants(recording, tile, 1);
  keep_loads(recording, tile, columns_of_sums(piece));
  ahead_ = elements_ahead(tile.rows * piece.elements, element_bytes_);
  L(next);
  cmp(left, tile.rows);
  jl(rest, T_NEAR);
  forget_pointers();
  elements(tile);
  end_rows(piece, tile.rows);
  sub(left, tile.rows);
  jmp(next, T_NEAR);
  L(rest);
  forget_pointers();  // there may have been no such rows
}

void Emitter::elements_of_row(const Recording& recording, const RowPiece& piece, Tile tile,
                              const CallTargets& targets) {
  const std::vector<int> slots = slots_of(piece);
  indexed_ = true;
  xor_(index_, index_);
  xor_(group_index_, group_index_);
  mov(count_, piece.elements);
  full_groups(recording, slots, tile, targets);
  const int least = totals_.empty() ? 1 : running_registers();
  if (tile.columns > least) full_groups(recording, slots, {tile.rows, least}, targets);
  rest_of_row(recording, slots, piece.elements % (least * lanes()), tile.rows, targets);
}

/// Less than fills the registers of a sum: register by register, the last one under the mask.
void Emitter::rest_of_row(const Recording& recording, std::span<const int> slots, std::int64_t n, int rows,
                          const CallTargets& targets) {
  forget_pointers();
  for (std::int64_t at = 0; at < n; at += lanes()) {
    const Group group{at, n - at < lanes() ? 0 : lanes()};
    GroupWriter(*this, side_by_side(recording, {rows, 1}, strides_), slots, group, targets).run();
  }
}

/// As many pointers as there are registers for, from row to row.
void Emitter::hold_pointers(const Recording& recording) {
  pinned_ = next_pointer_ = 0;
  forget_pointers();
  for (const int slot : most_used_first(side_by_side(recording, {})))
    if (next_pointer_ + 1 < held_slots_.size()) pointer(slot);
  pinned_ = next_pointer_;
}

bool Emitter::is_held(int slot) const {
  const auto end = held_slots_.begin() + static_cast<std::ptrdiff_t>(pinned_);
  return std::find(held_slots_.begin(), end, slot) != end;
}

void Emitter::end_rows(const RowPiece& piece, int rows) {
  forget_pointers();
  for (const RowPiece::Total& total : totals_)
    if (total.by_row) finish_sum(total);
  for (std::size_t operand = 0; operand < piece.strides.size(); ++operand) {
    const int slot = static_cast<int>(operand);
    const auto on = static_cast<std::uint32_t>(rows * piece.strides[operand] * element_bytes_);
    if (on == 0) continue;
    is_held(slot) ? add(pointer(slot), on) : add(qword[base_ + 8 * slot], on);
  }
}

int Emitter::held_registers() const {
  int count = 0;
  for (const RowPiece::Total& total : totals_) count += total.registers;
  return count;
}

/// The register in which a part of the running values of a total is, counted by groups of a row.
Xmm Emitter::running(int operand, std::int64_t group) const {
  int number = registers() - 2;
  auto total = totals_.begin();
  for (; total->operand != operand; ++total) number -= total->registers;
  return vector(number - static_cast<int>(group % total->registers), native_bytes_);
}

void Emitter::clear_running(const RowPiece::Total& total) {
  for (int part = 0; part < total.registers; ++part) {
    const Xmm to = running(total.operand, part);
    isa_ == Isa::avx512 ? vpxord(to, to, to) : vxorps(to, to, to);
  }
}

void Emitter::exchange_running(const RowPiece::Total& total, bool out) {
  for (int part = 0; part < total.registers; ++part) {
    const Xmm held = running(total.operand, part);
    const Address at = address(total.running, std::int64_t{part} * lanes());
    out ? vmovups(at, held) : vmovups(held, at);
  }
}

/// In the order of ReduceKernel: value j with j + 8, then j + 4, j + 2 and j + 1. No other register is in
/// use.
void Emitter::finish_sum(const RowPiece::Total& sum) {
  const bool real32 = element_bytes_ == 4;
  const int total = sum.operand, slot = total;
  const auto plus = [&](const Xmm& to, const Xmm& a, const Xmm& b) {
    real32 ? vaddps(to, a, b) : vaddpd(to, a, b);
  };
  for (int half = sum.registers / 2; half > 0; half /= 2)
    for (int part = 0; part < half; ++part)
      plus(running(total, part), running(total, part), running(total, part + half));
  Xmm held = running(total, 0);
  if (isa_ == Isa::avx512) {
    vextractf64x4(ymm1, Xbyak::Zmm(held.getIdx()), 1);
    vmovaps(zmm0, Xbyak::Zmm(held.getIdx()));
    plus(ymm0, ymm0, ymm1);
  } else {
    vmovaps(ymm0, Xbyak::Ymm(held.getIdx()));
  }
  vextractf128(xmm1, ymm0, 1);
  plus(xmm0, xmm0, xmm1);
  if (real32) {
    vmovhlps(xmm1, xmm0, xmm0);
    vaddps(xmm0, xmm0, xmm1);
    vmovshdup(xmm1, xmm0);
    vaddss(xmm0, xmm0, xmm1);
    vaddss(xmm0, xmm0, ptr[pointer(slot)]);
    vmovss(ptr[pointer(slot)], xmm0);
  } else {
    vunpckhpd(xmm1, xmm0, xmm0);
    vaddsd(xmm0, xmm0, xmm1);
    vaddsd(xmm0, xmm0, ptr[pointer(slot)]);
    vmovsd(ptr[pointer(slot)], xmm0);
  }
  clear_running(sum);
}

}  // namespace unroll::jit
