#include <algorithm>
#include <cstring>

#include "framework/plan/frame.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {

template <class T>
void Frame::run_prologue() {
  for (std::size_t i = 0; i < prologue_.size(); ++i) run<T>(program_.prologue[i], prologue_[i]);
}

template <class T>
void Frame::run_code() {
  for (std::size_t i = 0; i < code_.size(); ++i) run<T>(program_.code[i], code_[i]);
}

template <class T>
void Frame::run(const Instruction& instruction, Operands& operands) {
  if (instruction.loop) return run_loop<T>(*instruction.loop, *operands.loop);
  for (std::size_t i = 0; i < instruction.in.size(); ++i) operands.pointers[i] = pointers_[instruction.in[i]];
  instruction.op->forward(Call<T>{operands.pointers,
                                  operands.shapes,
                                  reinterpret_cast<T*>(pointers_[instruction.out]),
                                  &shapes_[instruction.out],
                                  instruction.attrs,
                                  sizes_,
                                  {memory_ + operands.workspace_offset, operands.workspace_bytes}});
}

template <class T>
void Frame::run_loop(const Loop& loop, Frame& body) {
  const std::int64_t length = loop.length.at(sizes_);
  const auto advance = [&](const Loop::Link& link, std::int64_t t) {
    body.pointers_[link.inner] =
        pointers_[link.outer] + static_cast<std::size_t>(t) * body.bytes_[link.inner];
  };
  for (const Loop::Link& link : loop.captures) body.pointers_[link.inner] = pointers_[link.outer];
  for (const SlotId slot : loop.step_index) body.set_pointer(slot, &body.step_index_);
  for (const Loop::State& state : loop.states) body.pointers_[state.before] = pointers_[state.initial];
  for (const Loop::Link& link : loop.summed) std::memset(pointers_[link.outer], 0, bytes_[link.outer]);
  body.run_prologue<T>();

  const BinaryKernel<T> add = kernels<T>()[Binary::add];
  for (std::int64_t i = 0; i < length; ++i) {
    const std::int64_t t = loop.reverse ? length - 1 - i : i;
    body.step_index_ = t;
    for (const Loop::Link& link : loop.slices) advance(link, t);
    for (const Loop::Link& link : loop.stacked) advance(link, t);
    for (const Loop::State& state : loop.states)
      if (body.program_.slots[state.after].place == Place::alternating)
        body.pointers_[state.after] = body.memory_ + body.offsets_[state.after] +
                                      static_cast<std::size_t>(i % 2) * body.bytes_[state.after];
    body.run_code<T>();
    for (const Loop::Link& link : loop.summed) {
      T* total = reinterpret_cast<T*>(pointers_[link.outer]);
      add(total, 1, reinterpret_cast<const T*>(body.pointers_[link.inner]), 1, total,
          shapes_[link.outer].numel());
    }
    for (const Loop::State& state : loop.states) body.pointers_[state.before] = body.pointers_[state.after];
  }
  for (const Loop::State& state : loop.states)
    if (state.final != no_slot)
      std::memcpy(pointers_[state.final], body.pointers_[state.before], bytes_[state.final]);
}

template void Frame::run_prologue<float>();
template void Frame::run_prologue<double>();
template void Frame::run_code<float>();
template void Frame::run_code<double>();

}  // namespace unroll
