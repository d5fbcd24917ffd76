#include <algorithm>
#include <cstring>

#include "framework/plan/run/frame.hpp"

namespace unroll {

using ir::Id;
using ir::Loop;

namespace {

/// Before routines are made, which takes as long as a few hundred steps of a small net.
constexpr int loop_runs_before_code = 64;

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (to != from && bytes > 0) std::memcpy(to, from, bytes);
}

}  // namespace

template <class T>
void Frame<T>::run_once() {
  run(once_, body(0));
}

template <class T>
void Frame<T>::run() {
  ready_parts(0);
  run(body(0));
}

/// None before a body has been run a few times, and its chains have been at these sizes.
template <class T>
const typename Frame<T>::Parts* Frame<T>::ready_parts(int number) {
  Body& here = body(number);
  if (here.parts) return here.parts;
  if (here.runs < loop_runs_before_code) ++here.runs;
  const auto settled = [](const Step& step) { return !step.chain || step.chain->settled(); };
  if (here.runs == loop_runs_before_code && std::ranges::all_of(here.steps, settled))
    here.parts = parts_of(number);
  return here.parts;
}

template <class T>
void Frame<T>::run(Body& here) {
  if (!here.parts) return run(here.steps, here);
  for (const Part& part : here.parts->parts) {
    if (part.routine)
      part.routine(reinterpret_cast<void* const*>(pointers_.data()));
    else
      run(std::span(here.steps).subspan(part.first, part.last - part.first), here);
  }
}

template <class T>
void Frame<T>::run(std::span<Step> steps, const Body& here) {
  for (Step& step : steps) {
    if (step.chain)
      step.chain->run(pointers_.data());
    else if (step.loop >= 0)
      run_loop(step.loop);
    else
      run_compute(step, here);
  }
}

template <class T>
void Frame<T>::run_compute(Step& step, const Body& here) {
  const ir::Compute& compute = *step.instruction->compute();
  for (std::size_t i = 0; i < step.values.size(); ++i) step.pointers[i] = pointers_[index(step.values[i])];
  void* out = step.pointers.back();
  if (step.copied != ir::none) std::memcpy(out, pointers_[index(step.copied)], bytes_[index(compute.out)]);
  if (step.held.run) return step.held.run(step.held, step.pointers.data());
  const std::span<const void* const> in(step.pointers.data(), step.shapes.size());
  compute.op->forward(Call<T>{in,
                              step.shapes,
                              static_cast<T*>(out),
                              &shapes_[index(compute.out)],
                              compute.attrs,
                              here.sizes,
                              {here.memory + step.workspace_offset, step.workspace_bytes},
                              compute.onto != ir::none});
}

/// The state before the first iteration.
template <class T>
void Frame<T>::enter(const LoopMoves::State& state, int number) {
  std::byte*& before = pointers_[index(state.before)];
  std::byte* initial = pointers_[index(state.initial)];
  const std::size_t bytes = bytes_[index(state.before)];
  const std::int64_t length = body(number).length;
  if (state.in_place) {
    if (state.final != ir::none) before = pointers_[index(state.final)];
    copy_bytes(before, initial, bytes);
  } else if (state.history != ir::none && length > 0) {
    const std::ptrdiff_t row = region(number).loop->reverse ? length - 1 : 0;
    before =
        pointers_[index(state.history)] + row * static_cast<std::ptrdiff_t>(row_bytes_[index(state.history)]);
    copy_bytes(before, initial, bytes);
  } else {
    before = initial;
  }
}

template <class T>
void Frame<T>::enter(int number) {
  Body& inner = body(number);
  const auto find_start = [&](Moving& moving) {
    const std::size_t row = row_bytes_[index(moving.whole)], all = bytes_[index(moving.whole)];
    const std::int64_t length = std::max<std::int64_t>(1, inner.length);
    moving.bytes =
        moving.by_iteration ? static_cast<std::ptrdiff_t>(row) : static_cast<std::ptrdiff_t>(all) / length;
    moving.start = pointers_[index(moving.whole)] + moving.rows * static_cast<std::ptrdiff_t>(row);
  };
  for (auto* list : {&inner.moving, &inner.copied_before, &inner.copied_after})
    for (Moving& moving : *list) find_start(moving);
  std::byte** move_slot = pointers_.data() + inner.move_slots;
  const auto keep = [&](std::ptrdiff_t bits) { *move_slot++ = reinterpret_cast<std::byte*>(bits); };
  for (const Moving& moving : inner.moving) keep(region(number).loop->reverse ? -moving.bytes : moving.bytes);
  for (const Pair& pair : inner.pairs)
    keep(reinterpret_cast<std::ptrdiff_t>(pair.buffers[0]) ^
         reinterpret_cast<std::ptrdiff_t>(pair.buffers[1]));
  for (const LoopMoves::State& state : moves(number).states) enter(state, number);
  if (const Id step_index = region(number).loop->step_index; step_index != ir::none)
    pointers_[index(step_index)] = reinterpret_cast<std::byte*>(&inner.first_step);
}

template <class T>
void Frame<T>::copy(const std::vector<Moving>& copies, std::int64_t t, std::int64_t stride) {
  for (const Moving& copied : copies)
    copy_bytes(copied.start + (copied.by_iteration ? t / stride : t) * copied.bytes,
               pointers_[index(copied.part)], bytes_[index(copied.part)]);
}

template <class T>
void Frame<T>::leave(int number) {
  for (const LoopMoves::State& state : moves(number).states) {
    if (state.final == ir::none) continue;
    std::byte* last = pointers_[index(state.before)];
    if (state.stays)
      pointers_[index(state.final)] = last;
    else
      copy_bytes(pointers_[index(state.final)], last, bytes_[index(state.before)]);
  }
}

template <class T>
void Frame<T>::run_loop(int number) {
  const LoopMoves& loop = moves(number);
  Body& inner = body(number);
  const bool reverse = region(number).loop->reverse;
  const std::int64_t length = inner.length, stride = inner.stride, before = around(number).first_step;
  const std::int64_t iterations = (length + stride - 1) / stride;
  enter(number);
  for (std::int64_t i = 0; i < iterations; ++i) {
    const std::int64_t at = reverse ? iterations - 1 - i : i, t = stride * at;
    if (stride > 1) {
      const Sizes sizes = sizes_in(number, std::min(stride, length - t));
      if (sizes != inner.sizes) resize(number, sizes);
    }
    inner.first_step = before + t;
    for (const Moving& moving : inner.moving)
      pointers_[index(moving.part)] = moving.start + (moving.by_iteration ? at : t) * moving.bytes;
    for (const Pair& pair : inner.pairs) pointers_[index(pair.state)] = pair.buffers[i % 2];
    if (const Parts* parts = ready_parts(number); parts && parts->loop) {
      parts->loop(reinterpret_cast<void* const*>(pointers_.data()), iterations - i);
      break;
    }
    copy(inner.copied_before, t, stride);
    run(inner);
    copy(inner.copied_after, t, stride);
    for (const LoopMoves::State& state : loop.states)
      pointers_[index(state.before)] = pointers_[index(state.after)];
  }
  leave(number);
}

template void Frame<float>::run_once();
template void Frame<double>::run_once();
template void Frame<float>::run();
template void Frame<double>::run();

}  // namespace unroll
