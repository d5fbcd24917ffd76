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
  if (instruction.fused) {
    std::byte** next = operands.fused_pointers.data();
    for (const SlotId slot : instruction.in) *next++ = pointers_[slot];
    for (const SlotId slot : instruction.fused->out) *next++ = pointers_[slot];
    return operands.fused->run<T>(operands.fused_pointers, memory_ + operands.workspace_offset);
  }
  for (std::size_t i = 0; i < instruction.in.size(); ++i) operands.pointers[i] = pointers_[instruction.in[i]];
  instruction.op->forward(Call<T>{operands.pointers,
                                  operands.shapes,
                                  reinterpret_cast<T*>(pointers_[instruction.out]),
                                  &shapes_[instruction.out],
                                  instruction.attrs,
                                  sizes_,
                                  {memory_ + operands.workspace_offset, operands.workspace_bytes},
                                  instruction.accumulate});
}

/// What stays the same in all iterations, and the state before the first one.
template <class T>
void Frame::enter_loop(const Loop& loop, Frame& body) {
  for (const Loop::Link& link : loop.captures) body.pointers_[link.inner] = pointers_[link.outer];
  for (const Loop::Link& link : loop.accumulated) body.pointers_[link.inner] = pointers_[link.outer];
  for (const SlotId slot : loop.step_index) body.set_pointer(slot, &body.first_step_);
  for (const auto* links : {&loop.summed, &loop.accumulated})
    for (const Loop::Link& link : *links)
      if (has_own_bytes(link.outer)) std::memset(pointers_[link.outer], 0, bytes_[link.outer]);
  for (const Loop::State& state : loop.states) {
    body.pointers_[state.before] = pointers_[state.initial];
    if (state.history == no_slot) continue;
    const std::int64_t length = shapes_[state.history][0];
    if (length == 0) continue;
    std::byte* row = pointers_[state.history] +
                     (loop.reverse ? static_cast<std::size_t>(length - 1) : 0) * row_bytes_[state.history];
    if (row != pointers_[state.initial])
      std::memcpy(row, pointers_[state.initial], row_bytes_[state.history]);
    body.pointers_[state.before] = row;
  }
  body.share_pointers();
  body.run_prologue<T>();
}

/// Moves the body's pointers to the steps from `t` on.
void Frame::enter_iteration(const Loop& loop, Frame& body, std::int64_t t, std::int64_t iteration) {
  body.first_step_ = first_step_ + t;
  for (const auto* links : {&loop.slices, &loop.stacked})
    for (const Loop::Link& link : *links)
      body.pointers_[link.inner] =
          pointers_[link.outer] + static_cast<std::size_t>(t) * row_bytes_[link.outer];
  const std::int64_t row = t / body.stride_;
  for (const Loop::Link& link : loop.checkpoints)
    body.pointers_[link.inner] =
        pointers_[link.outer] + static_cast<std::size_t>(row) * row_bytes_[link.outer];
  for (const Loop::State& state : loop.states) {
    if (state.checkpoints != no_slot)
      std::memcpy(
          pointers_[state.checkpoints] + static_cast<std::size_t>(row) * row_bytes_[state.checkpoints],
          body.pointers_[state.before], row_bytes_[state.checkpoints]);
    if (body.program_.slots[state.after].place == Place::alternating)
      body.pointers_[state.after] = body.memory_ + body.offsets_[state.after] +
                                    static_cast<std::size_t>(iteration % 2) * body.bytes_[state.after];
  }
  body.share_pointers();
}

template <class T>
void Frame::leave_iteration(const Loop& loop, Frame& body) {
  for (const Loop::Link& link : loop.summed) {
    T* total = reinterpret_cast<T*>(pointers_[link.outer]);
    kernels<T>()[Binary::add](total, 1, reinterpret_cast<const T*>(body.pointers_[link.inner]), 1, total,
                              shapes_[link.outer].numel());
  }
  for (const Loop::State& state : loop.states) body.pointers_[state.before] = body.pointers_[state.after];
}

template <class T>
void Frame::run_loop(const Loop& loop, Frame& body) {
  const std::int64_t length = loop.length.at(sizes_), stride = body.stride_;
  const std::int64_t iterations = (length + stride - 1) / stride;
  enter_loop<T>(loop, body);
  for (std::int64_t i = 0; i < iterations; ++i) {
    const std::int64_t t = stride * (loop.reverse ? iterations - 1 - i : i);
    const Sizes sizes = sizes_in(loop, std::min(stride, length - t));
    if (sizes != body.sizes_) body.resize(sizes);
    enter_iteration(loop, body, t, i);
    body.run_code<T>();
    leave_iteration<T>(loop, body);
  }
  for (const Loop::State& state : loop.states)
    if (state.final != no_slot && pointers_[state.final] != body.pointers_[state.before])
      std::memcpy(pointers_[state.final], body.pointers_[state.before], bytes_[state.final]);
}

template void Frame::run_prologue<float>();
template void Frame::run_prologue<double>();
template void Frame::run_code<float>();
template void Frame::run_code<double>();

}  // namespace unroll
