#include "framework/tensor/jit/group_writer.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace unroll::jit {

using Xbyak::Address;
using Xbyak::Operand;
using Xbyak::Opmask;
using Xbyak::Xmm;

namespace {

constexpr int none = -1;
constexpr int left = -2;       ///< a register with elements of an operand that the chain has yet to load
constexpr int first_mask = 2;  ///< of AVX-512, whose k0 is none and k1 what is left of a span
constexpr int call_slot = 0;   ///< of the frame, with one more for a second operand

bool commutes(Operation operation) {
  using enum Operation;
  return operation == add || operation == mul || operation == bit_and || operation == bit_or ||
         operation == bit_xor;
}

}  // namespace

GroupWriter::GroupWriter(Emitter& out, const Recording& recording, std::span<const int> slots, Group group,
                         const CallTargets& targets)
    : out_(out),
      recording_(recording),
      slots_(slots),
      group_(group),
      targets_(targets),
      width_(group.elements == 0 ? out.native_bytes_ : group.elements * out.element_bytes_),
      bytes_(group.elements * out.element_bytes_),
      last_read_(last_reads(recording)),
      register_of_(recording.code.size(), none),
      slot_of_(recording.code.size(), none) {
  // The last register is the mask's, those before hold running values, constants and what stays.
  const int kept = static_cast<int>(out.kept_constants_.size() + out.kept_loads_.size());
  const int registers = out.registers() - 1 - out.held_registers() - kept;
  held_.assign(static_cast<std::size_t>(registers), none);
  busy_.assign(held_.size(), false);
  for (const Emitter::Left& operand : out.left_) held_[static_cast<std::size_t>(operand.number)] = left;
  mask_free_.fill(false);
  std::fill_n(mask_free_.begin() + first_mask, Emitter::mask_registers, true);
}

void GroupWriter::run() {
  for (const Instruction& instruction : recording_.code) {
    write(instruction);
    busy_.assign(busy_.size(), false);
    ++at_;
  }
}

// ---- Registers --------------------------------------------------------------------------------------------

/// The next instruction that reads a result; the end where none does.
int GroupWriter::next_read(int result) const {
  int next = at_ + 1;
  if (last_read_[static_cast<std::size_t>(result)] < next) return static_cast<int>(recording_.code.size());
  const auto reads = [&](const Source& source) { return source.result == result; };
  for (; next <= last_read_[static_cast<std::size_t>(result)]; ++next) {
    const Instruction& i = recording_.code[static_cast<std::size_t>(next)];
    if (reads(i.a) || reads(i.b) || reads(i.c)) break;
  }
  return next;
}

bool GroupWriter::last_read(const Source& source) const {
  return !source.constant() && last_read_[static_cast<std::size_t>(source.result)] <= at_;
}

Address GroupWriter::slot(int number) const { return out_.ptr[out_.rsp + Emitter::slot_bytes * number]; }

int GroupWriter::free_slot() {
  const auto found = std::ranges::find(slot_taken_, false);
  const auto number = static_cast<int>(found - slot_taken_.begin());
  if (found == slot_taken_.end())
    slot_taken_.push_back(true);
  else
    *found = true;
  out_.slots_ = std::max(out_.slots_, Emitter::call_slots + number + 1);
  return Emitter::call_slots + number;
}

void GroupWriter::put_into_frame(int result) {
  const auto r = static_cast<std::size_t>(result);
  if (slot_of_[r] == none) {
    slot_of_[r] = free_slot();
    out_.vmovups(slot(slot_of_[r]), vector(register_of_[r]));
  }
  held_[static_cast<std::size_t>(register_of_[r])] = none;
  register_of_[r] = none;
}

void GroupWriter::drop_left(std::vector<Emitter::Left>::iterator operand) {
  if (operand == out_.left_.end()) return;
  held_[static_cast<std::size_t>(operand->number)] = none;
  out_.left_.erase(operand);
}

int GroupWriter::free_register() {
  if (std::ranges::find(held_, none) == held_.end() && !out_.left_.empty())
    drop_left(std::prev(out_.left_.end()));
  int found = none, latest = none;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (busy_[i] || held_[i] == left) continue;
    if (held_[i] == none) return busy_[i] = true, static_cast<int>(i);
    if (const int next = next_read(held_[i]); next > latest) latest = next, found = static_cast<int>(i);
  }
  if (found == none) throw OutOfRegisters();
  put_into_frame(held_[static_cast<std::size_t>(found)]);
  busy_[static_cast<std::size_t>(found)] = true;
  return found;
}

void GroupWriter::give(int result, int number) {
  held_[static_cast<std::size_t>(number)] = result;
  register_of_[static_cast<std::size_t>(result)] = number;
  busy_[static_cast<std::size_t>(number)] = true;
}

bool GroupWriter::in_memory(const Source& source) const {
  return source.constant() && !out_.kept_constants_.contains(source.bits);
}

/// A result, or a constant, in a register that is kept until the instruction is written.
Xmm GroupWriter::in_register(const Source& source) {
  if (source.constant()) {
    if (!in_memory(source)) return vector(out_.kept_constants_.at(source.bits));
    const Xmm to = vector(free_register());
    out_.load_constant(to, source.bits);
    return to;
  }
  const auto r = static_cast<std::size_t>(source.result);
  if (register_of_[r] == none) {
    const int number = free_register();
    give(source.result, number);
    out_.vmovups(vector(number), slot(slot_of_[r]));
  }
  if (!stays(register_of_[r])) busy_[static_cast<std::size_t>(register_of_[r])] = true;
  return vector(register_of_[r]);
}

/// Whether the register holds what further groups read.
bool GroupWriter::stays(int number) const { return number >= static_cast<int>(held_.size()); }

/// What is not read again gives its register and its slot back.
void GroupWriter::release(const Source& source) {
  if (!last_read(source)) return;
  int& slot = slot_of_[static_cast<std::size_t>(source.result)];
  if (slot != none)
    slot_taken_[static_cast<std::size_t>(std::exchange(slot, none) - Emitter::call_slots)] = false;
  const int number = register_of_[static_cast<std::size_t>(source.result)];
  if (number == none) return;
  if (out_.isa_ == Isa::avx512 &&
      makes_mask(recording_.code[static_cast<std::size_t>(source.result)].operation)) {
    mask_free_[static_cast<std::size_t>(number)] = true;
  } else if (!stays(number)) {
    held_[static_cast<std::size_t>(number)] = none;
    busy_[static_cast<std::size_t>(number)] = false;
  }
  register_of_[static_cast<std::size_t>(source.result)] = none;
}

/// A register for the result of the instruction that is being written.
Xmm GroupWriter::made() {
  const int number = free_register();
  give(at_, number);
  return vector(number);
}

int GroupWriter::mask_register() {
  const auto found = std::ranges::find(mask_free_, true);
  if (found == mask_free_.end()) throw OutOfRegisters();
  *found = false;
  const int number = static_cast<int>(found - mask_free_.begin());
  register_of_[static_cast<std::size_t>(at_)] = number;
  return number;
}

// ---- Instructions -----------------------------------------------------------------------------------------

void GroupWriter::write(const Instruction& i) {
  using enum Operation;
  switch (i.operation) {
    case load:
      if (const auto kept = out_.kept_load(slot_of(i), i.one_for_all ? 0 : place(i))) {
        register_of_[static_cast<std::size_t>(at_)] = *kept;
        return;
      }
      if (i.grouped) return out_.load_grouped(made(), slot_of(i), place(i), on_by_rows(i));
      if (!i.one_for_all) return load_elements(i);
      return out_.broadcast(made(), out_.address_of_one(slot_of(i), on_by_rows(i)));
    case store:
      return store_elements(i);
    case sqrt:
    case to_real:
    case shift_left:
    case shift_right: {
      const Xmm from = in_register(i.a);
      release(i.a);
      const Xmm to = made();
      const bool real32 = out_.element_bytes_ == 4;
      if (i.operation == sqrt) real32 ? out_.vsqrtps(to, from) : out_.vsqrtpd(to, from);
      if (i.operation == to_real) out_.vcvtdq2ps(to, from);
      const auto bits = static_cast<std::uint8_t>(i.number);
      if (i.operation == shift_left) real32 ? out_.vpslld(to, from, bits) : out_.vpsllq(to, from, bits);
      if (i.operation == shift_right) out_.vpsrad(to, from, bits);
      return;
    }
    case look_up: {
      const int index = in_register(i.a).getIdx();
      release(i.a);
      return out_.look_up(made().getIdx(), index, i.table);
    }
    case add_up: {
      const Xmm sum = out_.running(i.number, place(i) / out_.lanes()), from = within_mask(in_register(i.a));
      out_.element_bytes_ == 4 ? out_.vaddps(sum, sum, from) : out_.vaddpd(sum, sum, from);
      return release(i.a);
    }
    case add_groups:
    case write_groups:
      return write_group_sums(i);
    case fused:
      return write_fused(i);
    case less:
    case less_equal:
    case equal:
    case unordered:
      return write_compare(i);
    case mask_and:
    case mask_or:
      return write_mask(i);
    case select:
      return write_select(i);
    case call_unary:
    case call_binary:
      return write_call(i);
    default:
      return write_binary(i);
  }
}

/// With zeros for elements that are none of the row's.
Xmm GroupWriter::within_mask(const Xmm& from) {
  if (bytes_ > 0) return from;
  const Xmm to = vector(free_register());
  if (out_.isa_ == Isa::avx512)
    out_.element_bytes_ == 4 ? out_.vmovaps(to | out_.k1 | out_.T_z, from)
                             : out_.vmovapd(to | out_.k1 | out_.T_z, from);
  else
    out_.vandps(to, from, out_.ymm15);
  return to;
}

/// From where the products before the chain left them, or from memory.
void GroupWriter::load_elements(const Instruction& i) {
  const int slot = slot_of(i);
  const std::int64_t at = place(i) + on_by_rows(i);
  const auto found = out_.find_left(slot, at);
  out_.ask_ahead(slot, at, false);
  if (found == out_.left_.end() || found->bytes != bytes_)
    return out_.load(made(), out_.address(slot, at), bytes_);
  const int number = found->number;
  drop_left(found);
  give(at_, number);
}

void GroupWriter::store_elements(const Instruction& i) {
  const int slot = slot_of(i);
  const std::int64_t at = place(i) + on_by_rows(i);
  const Xmm from = in_register(i.a);
  drop_left(out_.find_left(slot, at));
  out_.ask_ahead(slot, at, true);
  out_.store(out_.address(slot, at), from, bytes_);
  release(i.a);
}

void GroupWriter::apply(Operation operation, const Xmm& to, const Xmm& a, const Operand& b) {
  using enum Operation;
  const bool real32 = out_.element_bytes_ == 4;
  switch (operation) {
    case add:
      return real32 ? out_.vaddps(to, a, b) : out_.vaddpd(to, a, b);
    case sub:
      return real32 ? out_.vsubps(to, a, b) : out_.vsubpd(to, a, b);
    case mul:
      return real32 ? out_.vmulps(to, a, b) : out_.vmulpd(to, a, b);
    case div:
      return real32 ? out_.vdivps(to, a, b) : out_.vdivpd(to, a, b);
    case min:
      return real32 ? out_.vminps(to, a, b) : out_.vminpd(to, a, b);
    case max:
      return real32 ? out_.vmaxps(to, a, b) : out_.vmaxpd(to, a, b);
    case bit_and:
      return real32 ? out_.vandps(to, a, b) : out_.vandpd(to, a, b);
    case bit_or:
      return real32 ? out_.vorps(to, a, b) : out_.vorpd(to, a, b);
    case bit_xor:
      return real32 ? out_.vxorps(to, a, b) : out_.vxorpd(to, a, b);
    case scale:
      return real32 ? out_.vscalefps(to, a, b) : out_.vscalefpd(to, a, b);
    case int_sub:
      return out_.vpsubd(to, a, b);
    default:
      throw std::logic_error("[jit] an operation that has no instruction of two operands");
  }
}

/// `use` on an operand that may lie in memory, as constants without a register do.
template <class Use>
void GroupWriter::with(const Source& source, Use use) {
  in_memory(source) ? use(out_.constant(source.bits)) : use(in_register(source));
}

void GroupWriter::write_binary(const Instruction& i) {
  Source first = i.a, second = i.b;
  if (in_memory(first) && commutes(i.operation)) std::swap(first, second);
  const Xmm a = in_register(first);
  with(second, [&](const Operand& b) {
    release(first);
    release(second);
    apply(i.operation, made(), a, b);
  });
}

/// One of the three operands becomes the result, and one may lie in memory, which decides among three forms.
void GroupWriter::write_fused(const Instruction& i) {
  const bool real32 = out_.element_bytes_ == 4;
  Source factor = i.a, other = i.b;
  if (dies_alone(i.c, factor, other)) {
    if (in_memory(factor)) std::swap(factor, other);
    const Xmm c = in_register(i.c), a = in_register(factor);
    with(other, [&](const Operand& b) { real32 ? out_.vfmadd231ps(c, a, b) : out_.vfmadd231pd(c, a, b); });
    return become_result(c, i);
  }
  if (!dies_alone(factor, other, i.c)) std::swap(factor, other);
  Xmm to = in_register(factor);
  if (!in_memory(factor) && !dies_alone(factor, other, i.c)) {
    const Xmm from = to;
    to = vector(free_register());
    out_.vmovaps(to, from);
  }
  if (in_memory(other) && !in_memory(i.c)) {
    const Xmm c = in_register(i.c);
    with(other, [&](const Operand& b) { real32 ? out_.vfmadd132ps(to, c, b) : out_.vfmadd132pd(to, c, b); });
  } else {
    const Xmm b = in_register(other);
    with(i.c, [&](const Operand& c) { real32 ? out_.vfmadd213ps(to, b, c) : out_.vfmadd213pd(to, b, c); });
  }
  become_result(to, i);
}

/// Whether an instruction may write its result over this operand.
bool GroupWriter::dies_alone(const Source& source, const Source& x, const Source& y) const {
  return last_read(source) && source.result != x.result && source.result != y.result &&
         !stays(register_of_[static_cast<std::size_t>(source.result)]);
}

void GroupWriter::become_result(const Xmm& made_in, const Instruction& i) {
  for (const Source* source : {&i.a, &i.b, &i.c}) release(*source);
  give(at_, made_in.getIdx());
}

void GroupWriter::write_compare(const Instruction& i) {
  using enum Operation;
  const bool real32 = out_.element_bytes_ == 4;
  // Ordered and quiet, as for a < b, a <= b and a == b; the fourth one is true for NaN.
  const std::uint8_t predicate = i.operation == less         ? 17
                                 : i.operation == less_equal ? 18
                                 : i.operation == equal      ? 0
                                                             : 3;
  const Xmm a = in_register(i.a);
  with(i.b, [&](const Operand& b) {
    release(i.a);
    release(i.b);
    if (out_.isa_ == Isa::avx512) {
      const Opmask to(mask_register());
      real32 ? out_.vcmpps(to, a, b, predicate) : out_.vcmppd(to, a, b, predicate);
    } else {
      const Xmm to = made();
      real32 ? out_.vcmpps(to, a, b, predicate) : out_.vcmppd(to, a, b, predicate);
    }
  });
}

void GroupWriter::write_mask(const Instruction& i) {
  const bool both = i.operation == Operation::mask_and;
  if (out_.isa_ == Isa::avx512) {
    const Opmask a(register_of_[static_cast<std::size_t>(i.a.result)]);
    const Opmask b(register_of_[static_cast<std::size_t>(i.b.result)]);
    release(i.a);
    release(i.b);
    const Opmask to(mask_register());
    return both ? out_.kandw(to, a, b) : out_.korw(to, a, b);
  }
  const Xmm a = in_register(i.a), b = in_register(i.b);
  release(i.a);
  release(i.b);
  both ? out_.vandps(made(), a, b) : out_.vorps(made(), a, b);
}

void GroupWriter::write_select(const Instruction& i) {
  const bool real32 = out_.element_bytes_ == 4, wide = out_.isa_ == Isa::avx512;
  const int mask = wide ? register_of_[static_cast<std::size_t>(i.a.result)] : in_register(i.a).getIdx();
  const Xmm no = in_register(i.c);
  with(i.b, [&](const Operand& yes) {
    for (const Source* source : {&i.a, &i.b, &i.c}) release(*source);
    const Xmm to = made();
    if (wide)
      real32 ? out_.vblendmps(to | Opmask(mask), no, yes) : out_.vblendmpd(to | Opmask(mask), no, yes);
    else
      real32 ? out_.vblendvps(to, no, yes, vector(mask)) : out_.vblendvpd(to, no, yes, vector(mask));
  });
}

/// In the order of ReduceKernel: value j with j + 4, then j + 2 and j + 1.
void GroupWriter::write_group_sums(const Instruction& i) {
  const bool real32 = out_.element_bytes_ == 4, wide = out_.isa_ == Isa::avx512;
  const Xmm from = in_register(i.a), sum = vector(free_register()), other = vector(free_register());
  release(i.a);
  const auto plus = [&](const Xmm& to, const Xmm& a, const Xmm& b) {
    real32 ? out_.vaddps(to, a, b) : out_.vaddpd(to, a, b);
  };
  const Xbyak::Ymm half(other.getIdx());
  if (!wide)
    out_.vperm2f128(half, Xbyak::Ymm(from.getIdx()), Xbyak::Ymm(from.getIdx()), 1);
  else if (real32)
    out_.vshuff32x4(Xbyak::Zmm(other.getIdx()), Xbyak::Zmm(from.getIdx()), Xbyak::Zmm(from.getIdx()), 0xb1);
  else
    out_.vshuff64x2(Xbyak::Zmm(other.getIdx()), Xbyak::Zmm(from.getIdx()), Xbyak::Zmm(from.getIdx()), 0x4e);
  plus(sum, from, other);
  if (real32)
    out_.vpermilps(other, sum, 0x4e);
  else
    out_.vshuff64x2(Xbyak::Zmm(other.getIdx()), Xbyak::Zmm(sum.getIdx()), Xbyak::Zmm(sum.getIdx()), 0xb1);
  plus(sum, sum, other);
  real32 ? out_.vpermilps(other, sum, 0xb1) : out_.vpermilpd(other, sum, 0x55);
  plus(sum, sum, other);
  const Xmm low(sum.getIdx()), high(other.getIdx());
  if (out_.lanes() > grouped_elements) {  // two groups
    out_.vextractf64x4(half, Xbyak::Zmm(sum.getIdx()), 1);
    out_.vunpcklps(low, low, high);
  }
  const Address to = out_.grouped_address(slot_of(i), place(i), on_by_rows(i));
  const int bytes = out_.element_bytes_ * std::max(1, out_.lanes() / static_cast<int>(grouped_elements));
  out_.vxorps(high, high, high);  // the kernel's sum begins with 0, which -0 is not
  plus(low, low, high);
  if (i.operation == Operation::add_groups) {
    out_.load(high, to, bytes);
    plus(low, low, high);
  }
  out_.store(to, low, bytes);
}

/// Registers are the caller's to save, and so are pointers and masks.
void GroupWriter::write_call(const Instruction& i) {
  const bool unary = i.operation == Operation::call_unary;
  out_.vmovups(slot(call_slot), in_register(i.a));
  if (!unary) out_.vmovups(slot(call_slot + 1), in_register(i.b));
  release(i.a);
  release(i.b);
  for (std::size_t r = 0; r < held_.size(); ++r)
    if (held_[r] != none) put_into_frame(held_[r]);
  if (std::ranges::count(mask_free_, true) < Emitter::mask_registers) throw OutOfRegisters();
  const auto count = [&](const Xbyak::Reg64& to) {
    bytes_ == 0 ? out_.mov(to, out_.count_) : out_.mov(to, group_.elements);
  };
  out_.lea(out_.rdi, slot(call_slot));
  if (unary) {
    out_.mov(out_.rsi, out_.rdi);
    count(out_.rdx);
  } else {
    out_.mov(out_.esi, 1);
    out_.lea(out_.rdx, slot(call_slot + 1));
    out_.mov(out_.ecx, 1);
    out_.mov(out_.r8, out_.rdi);
    count(out_.r9);
  }
  const auto number = static_cast<std::size_t>(i.number);
  out_.mov(out_.rax, unary ? targets_.unary[number] : targets_.binary[number]);
  out_.vzeroupper();
  out_.call(out_.rax);
  out_.forget_pointers();
  if (bytes_ == 0) out_.set_mask();
  out_.slots_ = std::max(out_.slots_, Emitter::call_slots);
  busy_.assign(busy_.size(), false);
  out_.vmovups(made(), slot(call_slot));
}

}  // namespace unroll::jit
