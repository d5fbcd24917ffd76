#include "framework/tensor/jit/emitter.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "framework/tensor/jit/group_writer.hpp"

namespace unroll::jit {

using Xbyak::Address;
using Xbyak::Reg64;
using Xbyak::Xmm;

namespace {

/// Far enough to be there in time, and near enough to be there still.
constexpr int bytes_ahead = 2 << 10;

}  // namespace

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
  const bool kept = around_.calls;
  base_ = kept ? rbx : rdi;
  count_ = kept ? r12 : rsi;
  index_ = kept ? r13 : rdx;
  pointer_registers_ = {r8, r9, r10, r11};
  if (!around_.counted && !kept) pointer_registers_.insert(pointer_registers_.end(), {rdx, rsi});
  if (around_.counted && !kept)
    pointer_registers_.insert(pointer_registers_.end(), {rbx, rbp, r12, r13, r14, r15});
  held_slots_.assign(pointer_registers_.size(), -1);
}

/// rax and rcx are for moments, the pointers' registers and the three others for the whole.
void Emitter::begin() {
  if (around_.counted || around_.calls)
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
  if (around_.counted || around_.calls)
    for (const Reg64& saved : {r15, r14, r13, r12, rbp, rbx}) pop(saved);
  vzeroupper();
  ret();
  write_constants();
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

Address Emitter::address(int slot, std::int64_t element, bool one_for_all) {
  const Reg64 start = pointer(slot);
  if (one_for_all) return ptr[start];
  const int offset = static_cast<int>(element) * element_bytes_;
  return indexed_ ? ptr[start + index_ * element_bytes_ + offset] : ptr[start + offset];
}

void Emitter::ask_ahead(int slot, std::int64_t element, bool to_write) {
  const auto operand = static_cast<std::size_t>(slot);
  if (operand >= asked_for_.size() || !asked_for_[operand]) return;
  const Address next = address(slot, element + bytes_ahead / element_bytes_);
  to_write ? prefetchw(next) : prefetcht0(next);
}

/// Of the one for the group of an element, or for a group behind it.
Address Emitter::grouped_address(int slot, std::int64_t element, int group) {
  constexpr int each = static_cast<int>(grouped_elements);
  const Reg64 start = pointer(slot);
  mov(rax, index_);
  shr(rax, std::countr_zero(static_cast<unsigned>(each)));
  return ptr[start + rax * element_bytes_ + (static_cast<int>(element) / each + group) * element_bytes_];
}

/// A register holds one group, or two: then k1 says which elements are the second one's.
void Emitter::load_grouped(const Xmm& to, int slot, std::int64_t element) {
  broadcast(to, grouped_address(slot, element));
  if (lanes() > grouped_elements) vbroadcastss(to | k1, grouped_address(slot, element, 1));
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

/// How many registers a group takes: two more are for operands on their way and for the mask of AVX2.
int Emitter::registers_of(const Recording& recording) const {
  const Alive alive = most_alive(recording);
  return alive.values + (isa_ == Isa::avx512 ? 0 : alive.masks) + 1;
}

int Emitter::groups_at_once(const Recording& recording) const {
  if (around_.calls) return 1;
  const int masks = isa_ == Isa::avx512 ? most_alive(recording).masks + 1 : 0;
  int groups = 4;
  const int held = held_registers();
  while (groups > 1 &&
         (groups * registers_of(recording) > registers() - 2 - held || groups * masks > mask_registers))
    groups /= 2;
  return totals_.empty() ? groups : std::max(groups, running_registers());
}

void Emitter::keep_constants(const Recording& recording, int groups, int least_reads) {
  kept_constants_.clear();
  if (around_.calls) return;
  const int held = held_registers();
  int room = registers() - groups * registers_of(recording) - 2 - held;
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
  const int at_once = groups_at_once(recording);
  std::int64_t at = 0;
  for (int groups = at_once; groups > 0; groups /= 2) {
    if (at + groups * lanes() > n && !(groups == 1 && at < n)) continue;
    keep_constants(recording, groups, n > lanes() ? 1 : 2);
    const Recording wide = side_by_side(recording, groups);
    for (; at + groups * lanes() <= n; at += groups * lanes())
      GroupWriter(*this, wide, slots, {at, lanes()}, targets).run();
  }
  for (const Group& rest : groups_of(n - at, lanes()))
    GroupWriter(*this, recording, slots, {at + rest.at, rest.elements}, targets).run();
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
  const int at_once = groups_at_once(recording);
  for (int groups = at_once; groups > 0; groups = groups > 1 ? 1 : 0) {
    if (groups == at_once) keep_constants(recording, groups, 1);
    full_groups(recording, slots, groups, targets);
  }
  Xbyak::Label over;
  jz(over, T_NEAR);
  forget_pointers();
  set_mask();
  GroupWriter(*this, recording, slots, {}, targets).run();
  L(over);
}

/// As many elements as `groups` side by side hold, again and again while there are as many left.
void Emitter::full_groups(const Recording& recording, std::span<const int> slots, int groups,
                          const CallTargets& targets) {
  const int elements = groups * lanes();
  Xbyak::Label next, rest;
  const Recording wide = side_by_side(recording, groups);
  sub(count_, elements);
  jl(rest, T_NEAR);
  L(next);
  forget_pointers();
  GroupWriter(*this, wide, slots, {0, lanes()}, targets).run();
  add(index_, elements);
  sub(count_, elements);
  jge(next, T_NEAR);
  L(rest);
  add(count_, elements);
}

/// All elements of a row, written out.
void Emitter::whole_row(const Recording& recording, std::span<const int> slots, std::int64_t n, int at_once,
                        const CallTargets& targets) {
  indexed_ = false;
  for (std::int64_t at = 0; at < n;) {
    const auto groups = static_cast<int>(std::min<std::int64_t>(at_once, (n - at) / lanes()));
    GroupWriter(*this, side_by_side(recording, groups), slots, {at, lanes()}, targets).run();
    at += groups * lanes();
  }
}

void Emitter::begin_sums(const std::vector<RowPiece::Total>& totals) {
  totals_ = totals;
  for (RowPiece::Total& total : totals_)
    if (total.registers == 0) total.registers = running_registers();
  for (const RowPiece::Total& total : totals_)
    total.by_row ? clear_running(total) : exchange_running(total, false);
}

void Emitter::row_chain(const Recording& recording, const RowPiece& piece, const CallTargets& targets) {
  const int operands = static_cast<int>(piece.kinds.size());
  std::vector<int> slots(piece.kinds.size());
  std::iota(slots.begin(), slots.end(), 0);
  asked_for_ = piece.asked_for;
  begin_sums(piece.totals);
  if (lanes() > grouped_elements) {
    mov(eax, 0xffff << grouped_elements & 0xffff);
    kmovd(k1, eax);
  }
  const int at_once = groups_at_once(recording), least = totals_.empty() ? 1 : running_registers();
  keep_constants(recording, at_once, 1);
  Xbyak::Label row;
  L(row);
  pinned_ = next_pointer_ = 0;
  forget_pointers();
  for (int slot = 0; slot < operands && next_pointer_ + 1 < held_slots_.size(); ++slot)
    if (piece.kinds[static_cast<std::size_t>(slot)] != ChainOperand::running &&
        piece.kinds[static_cast<std::size_t>(slot)] != ChainOperand::inner)
      pointer(slot);
  pinned_ = next_pointer_;
  xor_(index_, index_);
  if (std::ranges::any_of(piece.totals, [](const RowPiece::Total& total) { return total.registers > 0; })) {
    whole_row(recording, slots, piece.elements, at_once, targets);
  } else {
    indexed_ = true;
    mov(count_, ptr[base_ + 8 * (2 * operands + 1)]);
    full_groups(recording, slots, at_once, targets);
    if (at_once > least) full_groups(recording, slots, least, targets);
  }
  forget_pointers();
  for (const RowPiece::Total& total : totals_)
    if (total.by_row) finish_sum(total);
  for (int slot = 0; slot < operands; ++slot)
    if (piece.moves[static_cast<std::size_t>(slot)]) {
      mov(rax, ptr[base_ + 8 * (operands + slot)]);
      add(ptr[base_ + 8 * slot], rax);
    }
  sub(qword[base_ + 8 * (2 * operands)], 1);
  jnz(row, T_NEAR);
  pinned_ = next_pointer_ = 0;
  forget_pointers();
  for (const RowPiece::Total& total : totals_)
    if (!total.by_row) exchange_running(total, true);
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
    const Address at = ptr[pointer(total.running) + part * native_bytes_];
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
