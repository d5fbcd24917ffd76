#include <algorithm>
#include <optional>

#include "framework/plan/bind/draft.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::binding {
namespace {

using namespace ir;

/// Binds the stacks and states of one loop. Loops further out are bound already.
class LoopBinder {
 public:
  LoopBinder(Draft& draft, int region)
      : draft_(draft),
        region_(region),
        loop_(*draft.regions[static_cast<std::size_t>(region)].loop),
        moves_(draft.moves[static_cast<std::size_t>(region)]),
        bound_(loop_.stacks.size(), false) {}

  void run(bool shared_history) {
    moves_.states.resize(loop_.states.size());
    for (const Loop::Slice& slice : loop_.slices) moves_.moves.push_back({slice.part, slice.whole});
    if (shared_history)
      for (std::size_t k = 0; k < loop_.states.size(); ++k) share_history(k);
    for (std::size_t i = 0; i < loop_.stacks.size(); ++i)
      if (!bound_[i]) stack(loop_.stacks[i]);
    for (std::size_t k = 0; k < loop_.states.size(); ++k) carry(k);
  }

 private:
  enum class Side { before, after };

  Home& home(Id root) { return draft_.home[root]; }

  /// Whether `part`, in the body of `loop`, is its state k before or after the steps: the state itself, or
  /// the stack of it by a loop over the steps that carries this state.
  bool follows(const Loop& loop, std::size_t k, Id part, Side side) const {
    const Loop::State& state = loop.states[k];
    if (loop.is<Loop::Steps>()) return part == (side == Side::before ? state.before : state.after);
    for (const Instruction& instruction : loop.body) {
      const Loop* inner = instruction.loop();
      if (!inner) continue;
      for (std::size_t j = 0; j < inner->states.size(); ++j)
        if (inner->states[j].initial == state.before && inner->states[j].final == state.after)
          for (const Loop::Stack& stack : inner->stacks)
            if (stack.whole == part && follows(*inner, j, stack.part, side)) return true;
    }
    return false;
  }

  std::optional<std::size_t> stack_of(std::size_t k, Side side) const {
    for (std::size_t i = 0; i < loop_.stacks.size(); ++i)
      if (!bound_[i] && follows(loop_, k, loop_.stacks[i].part, side)) return i;
    return std::nullopt;
  }

  /// What the loop inside of this one stacks of state k after the steps, where that is not stacked here.
  Id inner_trajectory(std::size_t k) const {
    Id found = none;
    for (const Instruction& instruction : loop_.body)
      if (instruction.loop())
        for (const Loop::Stack& stack : instruction.loop()->stacks)
          if (follows(loop_, k, stack.whole, Side::after)) found = stack.whole;
    return found;
  }

  bool carried_once(Id after) const {
    return std::ranges::count_if(loop_.states, [&](const Loop::State& state) {
             return draft_.root(state.after) == draft_.root(after);
           }) == 1;
  }

  /// One buffer with a row more than there are steps holds the states before and after each: what stands
  /// behind one step stands before the next one.
  void share_history(std::size_t k) {
    const Loop::State& state = loop_.states[k];
    const auto before = stack_of(k, Side::before);
    if (!before || !carried_once(state.after) || home(draft_.root(state.after)) != Home::arena ||
        draft_.region_of[draft_.root(state.after)] != region_)
      return;
    const auto after = stack_of(k, Side::after);
    const Id history = loop_.stacks[*before].whole;
    const Id trajectory = after ? loop_.stacks[*after].whole : none;
    const int shift = loop_.reverse ? -1 : 1;
    if (!make_room(history, trajectory, shift)) return;
    bound_[*before] = true;
    leave_in_history(k, history);
    const Id part = loop_.stacks[*before].part;
    if (part == state.before)
      moves_.states[k].history = history;
    else
      give_row(part, history, 0, shift);
    if (after) {
      bound_[*after] = true;
      give_row(loop_.stacks[*after].part, trajectory, 0, 0);
      draft_.shifted_from[draft_.root(loop_.stacks[*after].part)] = part;
    } else if (part == state.before) {
      give_row(state.after, history, shift, 0);
    } else if (const Id inner = inner_trajectory(k); inner != none) {
      give_row(inner, history, shift, 0);
      draft_.shifted_from[draft_.root(inner)] = part;
    }
  }

  /// A history that is a part of a longer one is not written again before that one is done with.
  void leave_in_history(std::size_t k, Id history) {
    const Loop::State& state = loop_.states[k];
    if (state.final == none || home(history) != Home::given) return;
    const Id final = draft_.root(state.final);
    const int outer = draft_.regions[static_cast<std::size_t>(region_)].parent;
    const bool own = home(final) == Home::arena || home(final) == Home::pair;
    if (!own || draft_.region_of[final] != outer) return;
    home(final) = Home::given;
    moves_.states[k].stays = true;
  }

  /// A row more beside the history, and the trajectory in it.
  bool make_room(Id history, Id trajectory, int shift) {
    const int outer = draft_.regions[static_cast<std::size_t>(region_)].parent;
    if (home(history) == Home::given)  // it is a part of what has room, or has none
      return draft_.spare_rows[history] == shift &&
             (trajectory == none || draft_.shifted_from[trajectory] == history);
    if (!draft_.free_in(history, outer)) return false;
    if (trajectory != none) {
      if (!draft_.free_in(trajectory, outer)) return false;
      if (draft_.is_output(history) && draft_.is_output(trajectory)) return false;
      home(trajectory) = Home::shifted;
      draft_.shifted_from[trajectory] = history;
      draft_.first[history] = std::min(draft_.first[history], draft_.first[trajectory]);
      draft_.last[history] = std::max(draft_.last[history], draft_.last[trajectory]);
    }
    draft_.spare_rows[history] = shift;
    return true;
  }

  void give_row(Id part, Id whole, int rows, int room) {
    const Id root = draft_.root(part);
    home(root) = Home::given;
    draft_.spare_rows[root] = room;
    moves_.moves.push_back({root, whole, rows});
  }

  /// What the body makes is made in its row; the rest is copied there.
  void stack(const Loop::Stack& stack) {
    const Id root = draft_.root(stack.part);
    if (draft_.free_in(root, region_)) return give_row(root, stack.whole, 0, 0);
    const bool made_here = draft_.region_of[root] == region_ && draft_.made[root] >= 0;
    (made_here ? moves_.copies_after : moves_.copies_before).push_back(stack);
  }

  void carry(std::size_t k) {
    const Loop::State& state = loop_.states[k];
    LoopMoves::State& bound = moves_.states[k];
    bound.initial = state.initial, bound.before = state.before, bound.after = state.after;
    bound.final = state.final;
    const Id after = draft_.root(state.after);
    bound.in_place = after == state.before;
    if (bound.in_place)
      home(after) = state.final == none ? Home::always : Home::given;
    else if (home(after) == Home::arena)
      home(after) = Home::pair;
  }

  Draft& draft_;
  int region_;
  const Loop& loop_;
  LoopMoves& moves_;
  std::vector<bool> bound_;  ///< by stack
};

}  // namespace

void bind_loops(Draft& draft, bool shared_history) {
  for (std::size_t region = 1; region < draft.regions.size(); ++region)  // outer loops come first
    LoopBinder(draft, static_cast<int>(region)).run(shared_history);
}

}  // namespace unroll::binding
