#include <algorithm>

#include "framework/plan/run/frame.hpp"

namespace unroll {

using ir::Loop;

namespace {

/// Sizes that a region's routines are made for: lengths and batches that change all the time are not worth
/// more.
constexpr std::size_t most_sizes = 8;

}  // namespace

/// None where there is more to do than to call something.
template <class T>
jit::Call Frame<T>::call_of(Step& step) {
  if (step.chain) return step.chain->call();
  if (!step.held.run || step.held.throws || step.copied != ir::none) return {};
  const auto bits = [](auto* p) { return reinterpret_cast<std::uintptr_t>(p); };
  return {bits(step.held.run), {bits(&step.held), bits(step.pointers.data())}, step.pointers.data()};
}

/// Zero where no routine can do what a step does: short chains and rows times small matrices are written out,
/// others may be called.
template <class T>
typename Frame<T>::PieceSize Frame<T>::piece_size(const Step& step) {
  const PieceSize otherwise = {step.call ? -1 : 0, 0};
  if (step.chain) return step.chain->written_out() > 0 ? PieceSize{step.chain->written_out(), 0} : otherwise;
  if (!step.held.row_product || step.copied != ir::none) return otherwise;
  return {step.held.row_product->n, step.held.row_product->k};
}

template <class T>
void Frame<T>::add_piece(const Step& step, jit::RoutineBuilder<T>& routine) {
  if (piece_size(step)[0] < 0) {
    const std::vector<ir::Id>& roots = step.chain ? step.chain->roots() : step.values;
    return routine.add(jit::CallPiece{&step.call, {roots.begin(), roots.end()}});
  }
  if (step.chain) return routine.add(step.chain->piece());
  const auto& [n, k, add] = *step.held.row_product;
  const auto slot = [&](std::size_t i) { return static_cast<int>(step.values[i]); };
  routine.add(jit::RowProductPiece{slot(0), slot(1), slot(2), n, k, add});
}

/// Steps in a row that are written out become one routine.
template <class T>
typename Frame<T>::Parts Frame<T>::make_parts(const std::vector<Step>& steps) {
  Parts made;
  for (const Step& step : steps) made.sizes.push_back(piece_size(step));
  const auto fits = [&](std::size_t i) { return made.sizes[i][0] > 0; };
  for (std::size_t first = 0, last = 0; first < steps.size(); first = last) {
    jit::RoutineBuilder<T> routine;
    for (last = first; last < steps.size() && fits(last) == fits(first); ++last)
      if (fits(last)) add_piece(steps[last], routine);
    made.parts.push_back({first, last, routine.finish()});
  }
  return made;
}

/// None where a loop does more between its iterations than a routine can: copies, sizes that change, the
/// number of the step.
template <class T>
std::optional<jit::IterationMoves> Frame<T>::iteration_moves(int number) const {
  const Body& here = bodies_[static_cast<std::size_t>(number)];
  const Loop* loop = region(number).loop;
  if (!loop || !loop->is<Loop::Steps>() || loop->step_index != ir::none) return {};
  if (!here.copied_before.empty() || !here.copied_after.empty()) return {};
  jit::IterationMoves all;
  int slot = static_cast<int>(here.move_slots);
  for (const LoopMoves::State& state : moves(number).states)
    if (state.before != state.after)
      all.carried.push_back({static_cast<int>(state.before), static_cast<int>(state.after)});
  for (const Moving& moving : here.moving) all.moved.push_back({static_cast<int>(moving.part), slot++});
  for (const Pair& pair : here.pairs) all.exchanged.push_back({static_cast<int>(pair.state), slot++});
  const auto carried = [&](const jit::IterationMoves::Slots& moved) {
    return std::ranges::find(all.carried, moved.to, &jit::IterationMoves::Slots::to) != all.carried.end();
  };
  if (std::ranges::any_of(all.moved, carried)) return {};
  return all;
}

template <class T>
void Frame<T>::add_loop(Parts& made, int number) {
  if (std::ranges::find(made.sizes, PieceSize{}) != made.sizes.end()) return;
  const auto moves = iteration_moves(number);
  if (!moves) return;
  jit::RoutineBuilder<T> routine;
  for (const Step& step : body(number).steps) add_piece(step, routine);
  routine.repeat(*moves);
  made.loop = routine.finish();
}

/// The steps one by one where routines were made for too many other sizes.
template <class T>
const typename Frame<T>::Parts* Frame<T>::parts_of(int number) {
  Body& here = body(number);
  for (Step& step : here.steps) step.call = call_of(step);
  const auto fits = [&](const Parts& parts) {
    return std::ranges::equal(parts.sizes, here.steps, {}, {}, piece_size);
  };
  const auto known = std::ranges::find_if(here.made, fits);
  if (known != here.made.end()) return &*known;
  if (here.made.size() == most_sizes) {
    here.one_by_one.parts = {{0, here.steps.size(), {}}};
    return &here.one_by_one;
  }
  Parts& made = here.made.emplace_back(make_parts(here.steps));
  add_loop(made, number);
  return &made;
}

template const typename Frame<float>::Parts* Frame<float>::parts_of(int);
template const typename Frame<double>::Parts* Frame<double>::parts_of(int);

}  // namespace unroll
