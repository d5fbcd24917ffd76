#include <algorithm>
#include <cstring>

#include "framework/plan/run/frame.hpp"

namespace unroll {

using ir::Id;
using ir::Loop;

template <class T>
void Frame::run_once() {
  run<T>(once_, body(0));
}

template <class T>
void Frame::run_code() {
  run<T>(body(0).steps, body(0));
}

template <class T>
void Frame::run(std::vector<Step>& steps, const Body& here) {
  for (Step& step : steps) {
    if (step.loop >= 0) {
      run_loop<T>(step.loop);
    } else if (step.chain) {
      for (std::size_t i = 0; i < step.in.size(); ++i) step.chain_pointers[i] = pointers_[index(step.in[i])];
      step.chain->run<T>(step.chain_pointers, here.memory + step.workspace_offset);
    } else if (!step.nothing_to_do) {
      run_compute<T>(step, here);
    }
  }
}

template <class T>
void Frame::run_compute(Step& step, const Body& here) {
  const ir::Compute& compute = *step.instruction->compute();
  for (std::size_t i = 0; i < step.in.size(); ++i) step.pointers[i] = pointers_[index(step.in[i])];
  std::byte* out = pointers_[index(step.out)];
  const Shape& shape = shapes_[index(compute.out)];
  if (step.copied != ir::none) std::memcpy(out, pointers_[index(step.copied)], bytes_[index(compute.out)]);
  compute.op->forward(Call<T>{step.pointers,
                              step.shapes,
                              reinterpret_cast<T*>(out),
                              &shape,
                              compute.attrs,
                              here.sizes,
                              {here.memory + step.workspace_offset, step.workspace_bytes},
                              compute.onto != ir::none});
}

namespace {

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (to != from) std::memcpy(to, from, bytes);
}

}  // namespace

/// Whether the whole has one row for each iteration, not for each step.
bool Frame::row_for_iteration(Id whole, int number) const {
  const Dims& dims = program_.dims(whole);
  return region(number).loop->is<Loop::Segments>() && !dims.empty() && dims[0] == Dim::segments();
}

/// Bytes of a whole from one step to the next, or from one iteration to the next.
std::ptrdiff_t Frame::unit(Id whole, int number) const {
  if (row_for_iteration(whole, number)) return static_cast<std::ptrdiff_t>(row_bytes_[index(whole)]);
  const std::int64_t steps = length(number);
  return steps == 0 ? 0 : static_cast<std::ptrdiff_t>(bytes_[index(whole)]) / steps;
}

/// Where everything is that the loop moves along, and the states before the first iteration.
void Frame::enter(int number) {
  const LoopMoves& loop = moves(number);
  Body& inner = body(number);
  const std::int64_t steps = length(number);
  for (std::size_t m = 0; m < loop.moves.size(); ++m) {
    const LoopMoves::Move& move = loop.moves[m];
    inner.units[m] = {unit(move.whole, number), row_for_iteration(move.whole, number)};
    inner.starts[m] = pointers_[index(move.whole)] +
                      move.rows * static_cast<std::ptrdiff_t>(row_bytes_[index(move.whole)]);
  }
  for (const LoopMoves::State& state : loop.states) {
    std::byte*& before = pointers_[index(state.before)];
    std::byte* initial = pointers_[index(state.initial)];
    const std::size_t bytes = bytes_[index(state.before)];
    if (state.in_place) {
      if (state.final != ir::none) before = pointers_[index(state.final)];
      copy_bytes(before, initial, bytes);
    } else if (state.history != ir::none && steps > 0) {
      before = pointers_[index(state.history)] + (region(number).loop->reverse ? steps - 1 : 0) *
                                                     static_cast<std::ptrdiff_t>(row_bytes_[index(state.history)]);
      copy_bytes(before, initial, bytes);
    } else {
      before = initial;
    }
  }
  if (const Id step_index = region(number).loop->step_index; step_index != ir::none)
    pointers_[index(step_index)] = reinterpret_cast<std::byte*>(&inner.first_step);
}

/// Moves the body's pointers to the steps from `t` on.
void Frame::move(int number, std::int64_t t, std::int64_t iteration) {
  const LoopMoves& loop = moves(number);
  Body& inner = body(number);
  inner.first_step = body(region(number).parent).first_step + t;
  for (std::size_t m = 0; m < loop.moves.size(); ++m)
    pointers_[index(loop.moves[m].part)] =
        inner.starts[m] + (inner.units[m].by_iteration ? t / inner.stride : t) * inner.units[m].bytes;
  for (const LoopMoves::State& state : loop.states)
    if (binding_.place(state.after).home == Home::pair)
      pointers_[index(state.after)] = inner.memory + offsets_[index(state.after)] +
                                      static_cast<std::size_t>(iteration % 2) * bytes_[index(state.after)];
}

void Frame::copy(const std::vector<Loop::Stack>& copies, int number, std::int64_t t) {
  for (const Loop::Stack& stack : copies)
    copy_bytes(pointers_[index(stack.whole)] +
                   (row_for_iteration(stack.whole, number) ? t / body(number).stride : t) *
                       unit(stack.whole, number),
               pointers_[index(stack.part)], bytes_[index(stack.part)]);
}

void Frame::leave(int number) {
  for (const LoopMoves::State& state : moves(number).states)
    if (state.final != ir::none)
      copy_bytes(pointers_[index(state.final)], pointers_[index(state.before)], bytes_[index(state.final)]);
}

template <class T>
void Frame::run_loop(int number) {
  const LoopMoves& loop = moves(number);
  Body& inner = body(number);
  const std::int64_t steps = length(number), stride = inner.stride;
  const std::int64_t iterations = (steps + stride - 1) / stride;
  enter(number);
  for (std::int64_t i = 0; i < iterations; ++i) {
    const std::int64_t t = stride * (region(number).loop->reverse ? iterations - 1 - i : i);
    if (stride > 1) {
      const Sizes sizes = sizes_in(number, std::min(stride, steps - t));
      if (sizes != inner.sizes) resize(number, sizes);
    }
    move(number, t, i);
    copy(loop.copies_before, number, t);
    run<T>(inner.steps, inner);
    copy(loop.copies_after, number, t);
    for (const LoopMoves::State& state : loop.states)
      pointers_[index(state.before)] = pointers_[index(state.after)];
  }
  leave(number);
}

template void Frame::run_once<float>();
template void Frame::run_once<double>();
template void Frame::run_code<float>();
template void Frame::run_code<double>();

}  // namespace unroll
