#include "framework/tensor/jit/routine.hpp"

#include <algorithm>

#include "framework/tensor/jit/emitter.hpp"
#include "framework/tensor/jit/group_writer.hpp"

namespace unroll::jit {
namespace {

bool calls(const Recording& recording) {
  return std::ranges::any_of(recording.code, [](const Instruction& i) {
    return i.operation == Operation::call_unary || i.operation == Operation::call_binary;
  });
}

/// `write` on an emitter, which is told from the start whether memory of its own is needed: that is seen only
/// once it has been written, so it may be written twice.
template <class T, class Write>
Routine written(Isa isa, Surroundings around, Write write) try {
  if (isa == Isa::baseline) return {};
  around.frame = around.calls;
  for (;;) {
    auto code = std::make_shared<Emitter>(isa, static_cast<int>(sizeof(T)), around);
    code->begin();
    write(*code);
    if (code->needed_frame() && !around.frame) {
      around.frame = true;
      continue;
    }
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

template <class T>
Routine RoutineBuilder<T>::finish() const {
  if (pieces_.empty()) return {};
  std::vector<Recording> recordings;
  Surroundings around;
  for (const Piece& piece : pieces_) {
    recordings.push_back(piece.is_chain ? record_chain<T>(piece.chain.steps, piece.chain.kinds, isa_)
                                        : Recording{isa_});
    around.calls = around.calls || calls(recordings.back());
  }
  return written<T>(isa_, around, [&](Emitter& out) {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const auto& [chain, product, is_chain] = pieces_[i];
      if (!is_chain) {
        out.row_product(product.a, product.b, product.c, product.n, product.k, product.add);
        continue;
      }
      out.chain(recordings[i], chain.slots, chain.n, kernels<T>(isa_));
    }
  });
}

template <class T>
Routine chain_routine(const ChainPiece& chain, Isa isa) {
  const Recording recording = record_chain<T>(chain.steps, chain.kinds, isa);
  return written<T>(isa, {.counted = true, .calls = calls(recording)},
                    [&](Emitter& out) { out.counted_chain(recording, chain.slots, kernels<T>(isa)); });
}

template class RoutineBuilder<float>;
template class RoutineBuilder<double>;
template Routine chain_routine<float>(const ChainPiece&, Isa);
template Routine chain_routine<double>(const ChainPiece&, Isa);

}  // namespace unroll::jit
