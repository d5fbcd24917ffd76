#include "framework/tensor/jit/emitter.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "framework/tensor/jit/group_writer.hpp"

namespace unroll::jit {

using Xbyak::Address;
using Xbyak::Reg64;
using Xbyak::Xmm;

std::vector<Group> groups_of(std::int64_t n, int lanes) {
  std::vector<Group> groups;
  std::int64_t at = 0;
  for (; at + lanes <= n; at += lanes) groups.push_back({at, lanes});
  for (int size = lanes / 2; size > 0; size /= 2)
    if (at + size <= n) groups.push_back({std::exchange(at, at + size), size});
  return groups;
}

Emitter::Emitter(Isa isa, int element_bytes, Surroundings surroundings)
    : CodeGenerator(most_bytes, Xbyak::DontSetProtectRWE),
      isa_(isa),
      element_bytes_(element_bytes),
      native_bytes_(isa == Isa::avx512 ? 64 : 32),
      around_(surroundings) {
  const bool kept = keeps_registers();
  base_ = kept ? rbx : rdi;
  count_ = kept ? r12 : rsi;
  index_ = kept ? r13 : rdx;
  pointer_registers_ = {r8, r9, r10, r11};
  if (!around_.counted && !kept) pointer_registers_.insert(pointer_registers_.end(), {rdx, rsi});
  if (kept) pointer_registers_.insert(pointer_registers_.end(), {rbp, r14, r15});
  if (around_.counted && !kept)
    pointer_registers_.insert(pointer_registers_.end(), {rbx, rbp, r12, r13, r14, r15});
  held_slots_.assign(pointer_registers_.size(), -1);
}

/// rax and rcx are for moments, but for rax in rows; the pointers' registers and the three others are for the
/// whole.
void Emitter::begin() {
  if (around_.counted || keeps_registers())
    for (const Reg64& saved : {rbx, rbp, r12, r13, r14, r15}) push(saved);
  if (base_ != rdi) mov(base_, rdi);
  if (around_.counted && count_ != rsi) mov(count_, rsi);
  if (around_.slots == 0) return;
  mov(rax, rsp);
  sub(rsp, slot_bytes * (around_.slots + 1));
  and_(rsp, -slot_bytes);
  mov(ptr[rsp + slot_bytes * around_.slots], rax);
}

void Emitter::end() {
  if (around_.slots > 0) mov(rsp, ptr[rsp + slot_bytes * around_.slots]);
  if (around_.counted || keeps_registers())
    for (const Reg64& saved : {r15, r14, r13, r12, rbp, rbx}) pop(saved);
  vzeroupper();
  ret();
  write_constants();
  write_tables();
  setProtectModeRE();
}

Xmm Emitter::vector(int number, int bytes) const {
  if (bytes > 32) return Xbyak::Zmm(number);
  if (bytes > 16) return Xbyak::Ymm(number);
  return Xmm(number);
}

Reg64 Emitter::pointer(int slot) {
  const auto found = std::ranges::find(held_slots_, slot);
  if (found != held_slots_.end())
    return pointer_registers_[static_cast<std::size_t>(found - held_slots_.begin())];
  if (next_pointer_ < pinned_ || next_pointer_ >= held_slots_.size()) next_pointer_ = pinned_;
  const Reg64 to = next_pointer_ < held_slots_.size() ? pointer_registers_[next_pointer_] : rcx;
  mov(to, ptr[base_ + 8 * slot]);
  if (next_pointer_ < held_slots_.size()) held_slots_[next_pointer_++] = slot;
  return to;
}

void Emitter::forget_pointers() {
  std::fill(held_slots_.begin() + static_cast<std::ptrdiff_t>(pinned_), held_slots_.end(), -1);
}

/// Of an operand whose place no index says.
Address Emitter::address_of_one(int slot, std::int64_t element) {
  return ptr[pointer(slot) + static_cast<int>(element) * element_bytes_];
}

std::int64_t Emitter::on_by_rows(int slot, int row) const {
  return row == 0 ? 0 : row * strides_[static_cast<std::size_t>(slot)];
}

Address Emitter::address(int slot, std::int64_t element) {
  const Reg64 start = pointer(slot);
  const int offset = static_cast<int>(element) * element_bytes_;
  return indexed_ ? ptr[start + index_ * element_bytes_ + offset] : ptr[start + offset];
}

void Emitter::ask_ahead(int slot, std::int64_t element, bool to_write) {
  const auto operand = static_cast<std::size_t>(slot);
  if (operand >= asked_for_.size() || !asked_for_[operand]) return;
  const Address next = address(slot, element + ahead_);
  to_write ? prefetchw(next) : prefetcht0(next);
}

/// Of the one for the group of an element, or for a group behind it.
Address Emitter::grouped_address(int slot, std::int64_t element, std::int64_t group) {
  const auto offset = static_cast<int>(element / grouped_elements + group) * element_bytes_;
  return ptr[pointer(slot) + group_index_ * element_bytes_ + offset];
}

/// A register holds one group, or two: then k1 says which elements are the second one's.
void Emitter::load_grouped(const Xmm& to, int slot, std::int64_t element, std::int64_t group) {
  broadcast(to, grouped_address(slot, element, group));
  if (lanes() > grouped_elements) vbroadcastss(to | k1, grouped_address(slot, element, group + 1));
}

/// AVX-512 spreads one element over a register as it reads it; for AVX2 a whole register lies in memory.
Address Emitter::constant(std::uint64_t bits) {
  Xbyak::Label& label = constants_[bits];
  return isa_ == Isa::avx512 ? ptr_b[rip + label] : ptr[rip + label];
}

void Emitter::load_constant(const Xmm& to, std::uint64_t bits) {
  const Address from = ptr[rip + constants_[bits]];
  isa_ == Isa::avx512 ? broadcast(to, from) : vmovups(to, from);
}

/// A table fills a register, also where fewer elements go through the instructions.
void Emitter::look_up(int to, int index, const float* table) {
  const Address from = ptr[rip + tables_[table]];
  if (isa_ == Isa::avx512)
    vpermps(Xbyak::Zmm(to), Xbyak::Zmm(index), from);
  else
    vpermps(Xbyak::Ymm(to), Xbyak::Ymm(index), from);
}

void Emitter::write_tables() {
  for (auto& [table, label] : tables_) {
    align(64);
    L(label);
    for (const float element : std::span(table, static_cast<std::size_t>(lanes())))
      dd(std::bit_cast<std::uint32_t>(element));
  }
}

void Emitter::write_constants() {
  for (auto& [bits, label] : constants_) {
    align(isa_ == Isa::avx512 ? 8 : 32);
    L(label);
    const int copies = isa_ == Isa::avx512 ? 1 : native_bytes_ / element_bytes_;
    for (int i = 0; i < copies; ++i)
      for (int shift = 0; shift < 8 * element_bytes_; shift += 8) db(static_cast<int>(bits >> shift & 255));
  }
  align(32);
  L(mask_window_);
  for (int i = 0; i < 64; ++i) db(i < 32 ? 255 : 0);
}

template <class To, class From>
void Emitter::move(const To& to, const From& from, int bytes) {
  if (bytes == 4) return vmovss(to, from);
  if (bytes == 8) return vmovsd(to, from);
  vmovups(to, from);
}

/// `bytes` 0: what the mask says.
void Emitter::load(const Xmm& to, const Address& from, int bytes) {
  if (bytes > 0) return move(to, from, bytes);
  const bool real32 = element_bytes_ == 4;
  if (isa_ == Isa::avx512)
    real32 ? vmovups(to | k1 | T_z, from) : vmovupd(to | k1 | T_z, from);
  else
    real32 ? vmaskmovps(to, ymm15, from) : vmaskmovpd(to, ymm15, from);
}

void Emitter::store(const Address& to, const Xmm& from, int bytes) {
  if (bytes > 0) return move(to, from, bytes);
  const bool real32 = element_bytes_ == 4;
  if (isa_ == Isa::avx512)
    real32 ? vmovups(to | k1, from) : vmovupd(to | k1, from);
  else
    real32 ? vmaskmovps(to, ymm15, from) : vmaskmovpd(to, ymm15, from);
}

void Emitter::broadcast(const Xmm& to, const Address& from) {
  if (element_bytes_ == 4)
    vbroadcastss(to, from);
  else if (to.isXMM())
    vmovddup(to, from);
  else
    vbroadcastsd(static_cast<const Xbyak::Ymm&>(to), from);
}

/// For the elements that are left, count_ of them: k1, or the last register of AVX2.
void Emitter::set_mask() {
  if (isa_ == Isa::avx512) {
    mov(eax, -1);
    bzhi(eax, eax, count_.cvt32());
    kmovd(k1, eax);
    return;
  }
  mov(rcx, count_);
  neg(rcx);
  lea(rax, ptr[rip + mask_window_]);
  vmovups(ymm15, ptr[rax + rcx * element_bytes_ + 32]);
}

/// How many registers a tile takes; one for each group is for what an instruction makes.
int Emitter::registers_of(const Recording& recording, Tile tile) const {
  const Alive alive = most_alive(side_by_side(recording, tile, strides_));
  return alive.values + (isa_ == Isa::avx512 ? 0 : alive.masks) + tile.rows * tile.columns;
}

/// Two are for operands on their way and for the mask of AVX2.
int Emitter::free_registers() const { return registers() - 2 - held_registers(); }

bool Emitter::has_room_for(const Recording& recording, Tile tile) const {
  const int groups = tile.rows * tile.columns, masks = most_alive(recording).masks + 1;
  return registers_of(recording, tile) <= free_registers() &&
         (isa_ != Isa::avx512 || groups * masks <= mask_registers);
}

Tile Emitter::most_in_a_row(const Recording& recording) const {
  if (around_.calls) return {};
  constexpr Tile in_a_row[] = {{1, 4}, {1, 2}, {1, 1}};
  const auto* found =
      std::ranges::find_if(in_a_row, [&](Tile tile) { return has_room_for(recording, tile); });
  const int columns = found == std::end(in_a_row) ? 1 : found->columns;
  return {1, totals_.empty() ? columns : std::max(columns, running_registers())};
}

void Emitter::keep_constants(const Recording& recording, Tile tile, int least_reads) {
  kept_constants_.clear();
  if (around_.calls) return;
  const int held = held_registers();
  int room = free_registers() - registers_of(recording, tile);
  for (const std::uint64_t bits : constants_of(recording, least_reads)) {
    if (room-- <= 0) break;
    const int number = registers() - 2 - held - static_cast<int>(kept_constants_.size());
    kept_constants_[bits] = number;
    load_constant(vector(number, native_bytes_), bits);
  }
}

void Emitter::chain(const Recording& recording, std::span<const int> slots, std::int64_t n,
                    const CallTargets& targets) {
  if (around_.calls) left_.clear();
  std::int64_t at = 0;
  for (int groups = most_in_a_row(recording).columns; groups > 0; groups /= 2) {
    if (at + groups * lanes() > n && !(groups == 1 && at < n)) continue;
    keep_constants(recording, {1, groups}, n > lanes() ? 1 : 2);
    const Recording wide = side_by_side(recording, {1, groups});
    for (; at + groups * lanes() <= n; at += groups * lanes())
      GroupWriter(*this, wide, slots, {at, lanes()}, targets).run();
  }
  for (const Group& rest : groups_of(n - at, lanes()))
    GroupWriter(*this, side_by_side(recording, {}), slots, {at + rest.at, rest.elements}, targets).run();
  left_.clear();
}

void Emitter::counted_chain(const Recording& recording, std::span<const int> slots,
                            const CallTargets& targets) {
  if (!around_.calls) {
    for (const int slot : slots)
      if (slot >= 0 && next_pointer_ + 1 < held_slots_.size()) pointer(slot);
    pinned_ = next_pointer_;
  }
  xor_(index_, index_);
  indexed_ = true;
  const Tile at_once = most_in_a_row(recording);
  keep_constants(recording, at_once, 1);
  full_groups(recording, slots, at_once, targets);
  if (at_once.columns > 1) full_groups(recording, slots, {}, targets);
  Xbyak::Label over;
  jz(over, T_NEAR);
  forget_pointers();
  set_mask();
  GroupWriter(*this, side_by_side(recording, {}), slots, {}, targets).run();
  L(over);
}

/// As many elements as a tile holds of a row, again and again while there are as many left.
void Emitter::full_groups(const Recording& recording, std::span<const int> slots, Tile tile,
                          const CallTargets& targets) {
  const int elements = tile.columns * lanes();
  Xbyak::Label next, rest;
  const Recording wide = side_by_side(recording, tile, strides_);
  sub(count_, elements);
  jl(rest, T_NEAR);
  L(next);
  forget_pointers();
  GroupWriter(*this, wide, slots, {0, lanes()}, targets).run();
  add(index_, elements);
  if (!strides_.empty()) add(group_index_, elements / static_cast<int>(grouped_elements));
  sub(count_, elements);
  jge(next, T_NEAR);
  L(rest);
  add(count_, elements);
}

std::vector<Emitter::Left>::iterator Emitter::find_left(int slot, std::int64_t at) {
  return std::ranges::find_if(left_, [&](const Left& left) { return left.slot == slot && left.at == at; });
}

void Emitter::row_products(std::span<const RowProductPiece> products) {
  const std::size_t most = isa_ == Isa::avx512 ? 6 : 3;  // with four sums for each, and registers left
  std::vector<Columns> columns;
  for (const RowProductPiece& product : products)
    for (const Group& group : groups_of(product.n, lanes())) columns.push_back({group, &product});
  const std::size_t passes = (columns.size() + most - 1) / most;
  const std::size_t at_once = (columns.size() + passes - 1) / passes;
  for (std::size_t i = 0; i < columns.size(); i += at_once)
    add_products(std::span(columns).subspan(i, std::min(at_once, columns.size() - i)));
}

void Emitter::add_products(std::span<const Columns> columns) {
  constexpr int parts = 4;
  const int count = static_cast<int>(columns.size()), factor = parts * count, row = factor + 1;
  const bool real32 = element_bytes_ == 4;
  const auto [a, k] = std::pair(columns[0].product->a, columns[0].product->k);
  const auto product = [&](int v) -> const RowProductPiece& {
    return *columns[static_cast<std::size_t>(v)].product;
  };
  const auto group = [&](int v) { return columns[static_cast<std::size_t>(v)].group; };
  const auto bytes = [&](int v) { return group(v).elements * element_bytes_; };
  const auto sum = [&](int part, int v) { return vector(part * count + v, bytes(v)); };
  const auto plus = [&](const Xmm& to, const Xmm& x, const Xmm& y) {
    real32 ? vaddps(to, x, y) : vaddpd(to, x, y);
  };
  const auto result = [&](int v) { return address(product(v).c, group(v).at); };
  left_.clear();
  int widest = 0;
  for (int v = 0; v < count; ++v) {
    widest = std::max(widest, bytes(v));
    product(v).add ? load(sum(0, v), result(v), bytes(v)) : vxorps(Xmm(v), Xmm(v), Xmm(v));
  }
  for (int i = count; i < factor; ++i) vxorps(Xmm(i), Xmm(i), Xmm(i));
  for (std::int64_t p = 0; p < k; ++p) {
    const int part = p < k - k % parts ? static_cast<int>(p % parts) : 0;
    broadcast(vector(factor, widest), address(a, p));
    for (int v = 0; v < count; ++v) {
      const Xmm to = sum(part, v), x = vector(factor, bytes(v)), y = vector(row, bytes(v));
      const Address from = address(product(v).b, p * product(v).n + group(v).at);
      const bool whole = bytes(v) >= 16;  // others would read what lies behind
      if (!whole) load(y, from, bytes(v));
      const Xbyak::Operand& by = whole ? static_cast<const Xbyak::Operand&>(from) : y;
      real32 ? vfmadd231ps(to, x, by) : vfmadd231pd(to, x, by);
    }
  }
  for (int v = 0; v < count; ++v) {
    plus(sum(0, v), sum(0, v), sum(2, v));
    plus(sum(1, v), sum(1, v), sum(3, v));
    plus(sum(0, v), sum(0, v), sum(1, v));
    store(result(v), sum(0, v), bytes(v));
    left_.push_back({product(v).c, group(v).at, bytes(v), v});
  }
}

/// Some memory of its own aligns the stack, as calls need it.
void Emitter::call_between(const CallPiece& piece) {
  slots_ = std::max(slots_, 1);
  left_.clear();
  forget_pointers();
  mov(r10, reinterpret_cast<std::uintptr_t>(piece.call));
  mov(r11, ptr[r10 + static_cast<int>(offsetof(Call, pointers))]);
  for (std::size_t i = 0; i < piece.slots.size(); ++i) {
    mov(rax, ptr[base_ + 8 * piece.slots[i]]);
    mov(ptr[r11 + 8 * static_cast<int>(i)], rax);
  }
  const int arguments = offsetof(Call, arguments);
  mov(rdi, ptr[r10 + arguments]);
  mov(rsi, ptr[r10 + arguments + 8]);
  vzeroupper();
  call(qword[r10 + static_cast<int>(offsetof(Call, function))]);
}

void Emitter::begin_iteration(Xbyak::Label& next) {
  L(next);
  forget_pointers();
}

void Emitter::end_iteration(const IterationMoves& moves, const Xbyak::Label& next) {
  const auto at = [&](int slot) { return qword[base_ + 8 * slot]; };
  const auto each = [&](const std::vector<IterationMoves::Slots>& slots, auto write) {
    for (const IterationMoves::Slots& pair : slots) {
      mov(rax, at(pair.from));
      write(at(pair.to));
    }
  };
  each(moves.carried, [&](const Address& to) { mov(to, rax); });
  each(moves.moved, [&](const Address& to) { add(to, rax); });
  each(moves.exchanged, [&](const Address& to) { xor_(to, rax); });
  left_.clear();
  sub(count_, 1);
  jnz(next, T_NEAR);
}

}  // namespace unroll::jit
