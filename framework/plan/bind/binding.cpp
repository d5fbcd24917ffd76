#include "framework/plan/bind/binding.hpp"

#include "framework/plan/bind/draft.hpp"

namespace unroll {
namespace {

using ir::Id;

/// The moves of a loop, in roots.
LoopMoves in_roots(const binding::Draft& draft, LoopMoves moves) {
  const auto to_root = [&](Id& id) {
    if (id != ir::none) id = draft.root(id);
  };
  for (LoopMoves::Move& move : moves.moves) to_root(move.part), to_root(move.whole);
  for (auto* copies : {&moves.copies_before, &moves.copies_after})
    for (ir::Loop::Stack& copy : *copies) to_root(copy.part), to_root(copy.whole);
  for (LoopMoves::State& state : moves.states) {
    for (Id* id : {&state.initial, &state.before, &state.after, &state.final, &state.history}) to_root(*id);
  }
  return moves;
}

}  // namespace

Binding bind(const ir::Program& program, const BindOptions& options) {
  binding::Draft draft(program);
  if (options.reshape_in_place) share_views(draft);
  find_lifetimes(draft);
  find_states_in_place(draft, options.written_in_place);
  bind_loops(draft, options.shared_history);
  write_in_place(draft, options.written_in_place);

  Binding bound;
  for (LoopMoves& moves : draft.moves) bound.moves.push_back(in_roots(draft, std::move(moves)));
  for (std::size_t v = 0; v < program.values.size(); ++v) {
    const auto id = static_cast<Id>(v);
    bound.places.push_back({draft.root(id), draft.region_of[v], draft.home[v], draft.first[v], draft.last[v],
                            draft.spare_rows[v], draft.shifted_from[v]});
  }
  bound.regions = std::move(draft.regions);
  return bound;
}

}  // namespace unroll
