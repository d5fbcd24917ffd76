#include "framework/tensor/jit/routine.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "framework/tensor/jit/emitter.hpp"
#include "framework/tensor/jit/group_writer.hpp"
#include "framework/tensor/jit/record_chain.hpp"

namespace unroll::jit {
namespace {

bool calls(const Recording& recording) {
  return std::ranges::any_of(recording.code, [](const Instruction& i) {
    return i.operation == Operation::call_unary || i.operation == Operation::call_binary;
  });
}

/// `write` on an emitter, which is told from the start how much memory of its own is needed: that is seen
/// only once it has been written, so it may be written twice.
template <class T, class Write>
Routine written(Isa isa, Surroundings around, Write write) try {
  if (isa == Isa::baseline) return {};
  for (;;) {
    auto code = std::make_shared<Emitter>(isa, static_cast<int>(sizeof(T)), around);
    code->begin();
    write(*code);
    if (std::exchange(around.slots, code->needed_slots()) != code->needed_slots()) continue;
    code->end();
    return Routine(std::move(code));
  }
} catch (const OutOfRegisters&) {
  return {};
} catch (const Xbyak::Error&) {
  return {};  // the system forbids it, or the code is longer than there is room for
}

}  // namespace

Routine::Routine(std::shared_ptr<Emitter> code)
    : code_(std::move(code)), run_(code_->getCode<void (*)(void* const*, std::int64_t)>()) {}

/// Products of the same row that read none of each other's results are one piece.
template <class T>
void RoutineBuilder<T>::add(const RowProductPiece& product) {
  auto* before = pieces_.empty() ? nullptr : std::get_if<std::vector<RowProductPiece>>(&pieces_.back());
  const auto apart = [&](const RowProductPiece& other) {
    return other.a == product.a && other.k == product.k && other.c != product.c && other.c != product.b &&
           other.b != product.c;
  };
  if (before && std::ranges::all_of(*before, apart))
    before->push_back(product);
  else
    pieces_.push_back(std::vector{product});
}

template <class T>
Routine RoutineBuilder<T>::finish() const {
  if (pieces_.empty()) return {};
  std::vector<Recording> recordings;  // of the chains
  Surroundings around{.counted = loop_.has_value()};
  for (const auto& piece : pieces_)
    if (const auto* chain = std::get_if<ChainPiece>(&piece)) {
      recordings.push_back(record_chain<T>(chain->steps, chain->kinds, isa_));
      around.calls = around.calls || calls(recordings.back());
    } else if (std::holds_alternative<CallPiece>(piece)) {
      around.calls_between = true;
    }
  const CallTargets targets(kernels<T>(isa_));
  return written<T>(isa_, around, [&](Emitter& out) {
    auto recording = recordings.begin();
    Xbyak::Label next;
    if (loop_) out.begin_iteration(next);
    for (const auto& piece : pieces_)
      if (const auto* chain = std::get_if<ChainPiece>(&piece))
        out.chain(*recording++, chain->slots, chain->n, targets);
      else if (const auto* call = std::get_if<CallPiece>(&piece))
        out.call_between(*call);
      else
        out.row_products(std::get<std::vector<RowProductPiece>>(piece));
    if (loop_) out.end_iteration(*loop_, next);
  });
}

template <class T>
Routine chain_routine(const ChainPiece& chain, Isa isa) {
  const Recording recording = record_chain<T>(chain.steps, chain.kinds, isa);
  const CallTargets targets(kernels<T>(isa));
  return written<T>(isa, {.counted = true, .calls = calls(recording)},
                    [&](Emitter& out) { out.counted_chain(recording, chain.slots, targets); });
}

namespace {

/// With all sums over the rows in registers, for as many columns at once as half of these hold them, where
/// that is a whole row or some cache lines of each: fewer would be read from rows all over the memory. Where
/// a row ends with sums of its own, it is gone through as a whole.
RowPiece with_sums_in_registers(const RowPiece& piece, Isa isa, int element_bytes) {
  const int lanes = (isa == Isa::avx512 ? 64 : 32) / element_bytes;
  const int room = isa == Isa::avx512 ? 16 : 4, fewest = room / 4;
  std::vector<int> sums;
  for (const ChainStep& step : piece.steps)
    if (const auto operand = static_cast<std::size_t>(step.operand);
        step.form == ChainStep::Form::sum && piece.kinds[operand] == ChainOperand::elements &&
        piece.strides[operand] == 0)
      sums.push_back(step.operand);
  const auto all = static_cast<int>(piece.elements / lanes), count = static_cast<int>(sums.size());
  if (count == 0 || count > room || all == 0 || piece.elements % lanes != 0) return piece;
  int each = std::min(all, room / count);
  while (all % each != 0) --each;
  if (each < all && (each < fewest || !piece.totals.empty())) return piece;
  RowPiece held = piece;
  for (const int sum : sums) {
    held.kinds[static_cast<std::size_t>(sum)] = ChainOperand::total;
    held.totals.push_back({sum, sum, false, each});
  }
  return held;
}

/// Code holds distances in bytes as int, and goes on by as many as four rows.
bool fits_displacements(const RowPiece& piece, std::size_t element_bytes) {
  const auto most = static_cast<std::int64_t>(std::numeric_limits<int>::max() / element_bytes / 4);
  return std::ranges::max(piece.strides) < most && piece.elements < most;
}

template <class T>
Routine routine_of_rows(const RowPiece& chain, Isa isa) {
  const Recording recording = record_chain<T>(chain.steps, chain.kinds, isa);
  const bool grouped = std::ranges::any_of(chain.kinds, [](ChainOperand kind) {
    return kind == ChainOperand::grouped || kind == ChainOperand::group_sums;
  });
  const bool masked = chain.elements % running_values != 0;  // which takes the register that groups need
  const bool narrow = isa == Isa::avx2 && sizeof(T) == 8;    // fewer lanes than a group has elements
  if (calls(recording) || (grouped && (narrow || masked)) || !fits_displacements(chain, sizeof(T))) return {};
  const CallTargets targets(kernels<T>(isa));
  return written<T>(isa, {.counted = true}, [&](Emitter& out) { out.row_chain(recording, chain, targets); });
}

}  // namespace

template <class T>
Routine row_routine(const RowPiece& chain, Isa isa) {
  if (isa == Isa::baseline) return {};
  const RowPiece held = with_sums_in_registers(chain, isa, static_cast<int>(sizeof(T)));
  Routine routine = routine_of_rows<T>(held, isa);
  return routine || held.totals == chain.totals ? routine : routine_of_rows<T>(chain, isa);
}

template class RoutineBuilder<float>;
template class RoutineBuilder<double>;
template Routine chain_routine<float>(const ChainPiece&, Isa);
template Routine chain_routine<double>(const ChainPiece&, Isa);
template Routine row_routine<float>(const RowPiece&, Isa);
template Routine row_routine<double>(const RowPiece&, Isa);

}  // namespace unroll::jit
