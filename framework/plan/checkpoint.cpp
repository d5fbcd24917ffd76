#include <algorithm>
#include <map>
#include <set>

#include "framework/autodiff/scan.hpp"
#include "framework/plan/program.hpp"

namespace unroll {
namespace {

/// `dims` of a stacked value for the steps of one segment.
Dims over_segment(Dims dims) {
  dims[0] = Dim::segment();
  return dims;
}

/// Leaves out stacked results; what stood in them gets bytes of its own.
template <class Unwanted>
void unstack(Loop& loop, Unwanted unwanted) {
  for (const Loop::Link& link : loop.stacked)
    if (unwanted(link.outer)) loop.body.slots[link.inner].place = Place::arena;
  std::erase_if(loop.stacked, [&](const Loop::Link& link) { return unwanted(link.outer); });
  for (const Loop::State& state : loop.states) {
    Slot& after = loop.body.slots[state.after];
    if (after.place == Place::arena) after.place = Place::alternating;
  }
}

/// Removes what nothing needs that is looked at from outside, in loops within the loop too. What stays is
/// done as before, before, in or after the steps: so it keeps its bits.
class Pruning {
 public:
  explicit Pruning(Loop& loop) : loop_(loop), body_(loop.body) {
    for (const SlotId slot : observed(loop)) needed_.insert(body_.root(slot));
  }

  void run() {
    for (std::vector<Instruction>* part : {&body_.code, &body_.prologue})
      for (std::size_t i = part->size(); i-- > 0;)
        if (!keep((*part)[i])) part->erase(part->begin() + static_cast<std::ptrdiff_t>(i));
    for (auto* links : {&loop_.slices, &loop_.captures})
      std::erase_if(*links, [&](const Loop::Link& link) { return !needed_.contains(link.inner); });
  }

 private:
  bool unneeded(SlotId slot) const { return !needed_.contains(body_.root(slot)); }

  bool keep(Instruction& instruction) {
    const std::vector<SlotId> results = writes(instruction);
    if (std::all_of(results.begin(), results.end(), [&](SlotId slot) { return unneeded(slot); })) {
      for (const SlotId slot : results) body_.slots[body_.root(slot)].place = Place::outside;  // no bytes
      return false;
    }
    if (instruction.loop) prune(instruction);
    for (const SlotId slot : reads(instruction)) needed_.insert(body_.root(slot));
    return true;
  }

  void prune(Instruction& instruction) {
    instruction.loop = std::make_shared<Loop>(*instruction.loop);  // the other variant keeps its own
    Loop& inner = *instruction.loop;
    for (const SlotId slot : writes(instruction))
      if (unneeded(slot)) body_.slots[body_.root(slot)].place = Place::outside;
    unstack(inner, [&](SlotId slot) { return unneeded(slot); });
    for (auto* links : {&inner.summed, &inner.accumulated})
      std::erase_if(*links, [&](const Loop::Link& link) { return unneeded(link.outer); });
    for (Loop::State& state : inner.states)
      for (SlotId* slot : {&state.final, &state.history})
        if (*slot != no_slot && unneeded(*slot)) *slot = no_slot;
    Pruning(inner).run();
  }

  Loop& loop_;
  Program& body_;
  std::set<SlotId> needed_;  ///< roots
};

/// A loop over segments, in whose body loops over the steps of one segment are placed.
class SegmentLoop {
 public:
  SegmentLoop(Program& outer, const Loop& like) : outer_(outer) {
    loop_->length = like.length;
    loop_->stride = Dim::segment();
    loop_->reverse = like.reverse;
    loop_->state_sizes = like.state_sizes;
  }

  /// Puts a copy of `inner`, whose outer slots are the program's, into the body.
  Loop& place(const Loop& inner) {
    const auto copy = std::make_shared<Loop>(inner);
    copy->length = Dim::segment();
    for (Loop::Link& link : copy->slices) link.outer = slice(link.outer);
    for (Loop::Link& link : copy->captures) link.outer = capture(link.outer);
    for (Loop::Link& link : copy->stacked) link.outer = stack(link.outer);
    for (auto* links : {&copy->summed, &copy->accumulated})
      for (Loop::Link& link : *links) link.outer = total(link.outer);
    for (Loop::State& state : copy->states)
      if (state.history != no_slot) state.history = stack(state.history);
    loop_->body.code.push_back({.op = &scan_op, .loop = copy});
    return *copy;
  }

  /// The states of `inner` go from segment to segment.
  void carry(Loop& inner) {
    for (Loop::State& state : inner.states) {
      const Slot like = outer_.slots[state.initial];
      const SlotId before = loop_->body.add_slot({.dims = like.dims, .place = Place::outside});
      const SlotId after = loop_->body.add_slot({.dims = like.dims, .place = Place::alternating});
      loop_->states.push_back(
          {.initial = state.initial, .before = before, .after = after, .final = state.final});
      state.initial = before;
      state.final = after;
    }
  }

  /// A buffer of the body's own for one segment of a stacked value of the program; what shares bytes there
  /// shares them here.
  SlotId own(SlotId outer) {
    if (const auto found = of_segment_.find(outer); found != of_segment_.end()) return found->second;
    Slot slot = outer_.slots[outer];
    slot.dims = over_segment(slot.dims);
    if (slot.alias != no_slot) slot.alias = own(slot.alias);
    return of_segment_[outer] = loop_->body.add_slot(slot);
  }

  std::shared_ptr<Loop> loop() const { return loop_; }
  Loop& operator*() { return *loop_; }

 private:
  using Slots = std::map<SlotId, SlotId>;  ///< by slot of the program

  SlotId outside(SlotId outer, Dims dims, Slots& known, std::vector<Loop::Link>& links) {
    if (const auto found = known.find(outer); found != known.end()) return found->second;
    const SlotId slot = loop_->body.add_slot(
        {.dims = std::move(dims), .kind = outer_.slots[outer].kind, .place = Place::outside});
    links.push_back({outer, slot});
    return known[outer] = slot;
  }
  SlotId slice(SlotId outer) { return over(outer, loop_->slices); }
  SlotId stack(SlotId outer) { return over(outer, loop_->stacked); }
  SlotId over(SlotId outer, std::vector<Loop::Link>& links) {
    return outside(outer, over_segment(outer_.slots[outer].dims), of_segment_, links);
  }
  SlotId capture(SlotId outer) { return outside(outer, outer_.slots[outer].dims, whole_, loop_->captures); }
  SlotId total(SlotId outer) { return outside(outer, outer_.slots[outer].dims, whole_, loop_->accumulated); }

  Program& outer_;
  Slots of_segment_, whole_;  ///< a value may be sliced and captured
  std::shared_ptr<Loop> loop_ = std::make_shared<Loop>();
};

/// Replaces a loop and the one that goes back over its results by two loops over segments: the first keeps
/// the states before each segment alone; the second computes a segment's results again and goes back over
/// them.
class Checkpointing {
 public:
  Checkpointing(Program& program, std::size_t forward, std::size_t backward, std::set<SlotId> residuals)
      : program_(program), forward_(forward), backward_(backward), residuals_(std::move(residuals)) {}

  void apply() {
    const Loop forward = *program_.code[forward_].loop, backward = *program_.code[backward_].loop;
    const std::vector<SlotId> checkpoints = add_checkpoints(forward);
    program_.code[forward_].loop = keep_checkpoints(forward, checkpoints);
    program_.code[backward_].loop = compute_again(forward, backward, checkpoints);
    // No whole buffer holds the residuals any more.
    for (Slot& slot : program_.slots)
      if (residuals_.contains(program_.root(static_cast<SlotId>(&slot - program_.slots.data()))))
        slot.place = Place::outside;
  }

 private:
  bool is_residual(SlotId slot) const { return residuals_.contains(program_.root(slot)); }

  std::vector<SlotId> add_checkpoints(const Loop& forward) {
    std::vector<SlotId> slots;
    for (const Loop::State& state : forward.states) {
      Dims dims = program_.slots[state.initial].dims;
      dims.insert(dims.begin(), Dim::segments());
      slots.push_back(program_.add_slot({.dims = std::move(dims)}));
    }
    return slots;
  }

  std::shared_ptr<Loop> keep_checkpoints(Loop forward, const std::vector<SlotId>& checkpoints) {
    unstack(forward, [&](SlotId slot) { return is_residual(slot); });
    for (Loop::State& state : forward.states)
      if (state.history != no_slot && is_residual(state.history)) state.history = no_slot;
    Pruning(forward).run();
    SegmentLoop segments(program_, forward);
    Loop& inner = segments.place(forward);
    segments.carry(inner);
    for (std::size_t k = 0; k < checkpoints.size(); ++k) (*segments).states[k].checkpoints = checkpoints[k];
    return segments.loop();
  }

  std::shared_ptr<Loop> compute_again(Loop forward, const Loop& backward,
                                      const std::vector<SlotId>& checkpoints) {
    unstack(forward, [&](SlotId slot) { return !is_residual(slot); });
    forward.summed.clear();
    forward.accumulated.clear();
    for (Loop::State& state : forward.states) {
      state.final = no_slot;
      if (state.history != no_slot && !is_residual(state.history)) state.history = no_slot;
    }
    Pruning(forward).run();
    SegmentLoop segments(program_, backward);
    for (const Loop::Link& link : forward.stacked) segments.own(link.outer);
    for (const Loop::State& state : forward.states)
      if (state.history != no_slot) segments.own(state.history);
    Loop& again = segments.place(forward);
    for (std::size_t k = 0; k < checkpoints.size(); ++k) {
      const SlotId start = (*segments).body.add_slot(
          {.dims = program_.slots[forward.states[k].initial].dims, .place = Place::outside});
      (*segments).checkpoints.push_back({checkpoints[k], start});
      again.states[k].initial = start;
    }
    Loop& back = segments.place(backward);
    segments.carry(back);
    return segments.loop();
  }

  Program& program_;
  std::size_t forward_, backward_;
  std::set<SlotId> residuals_;
};

/// Roots of what `forward` stacks for `backward` and nobody else.
std::set<SlotId> residuals_between(const Program& program, std::size_t forward, std::size_t backward,
                                   const std::vector<SlotId>& kept) {
  const Loop& f = *program.code[forward].loop;
  std::set<SlotId> roots;
  for (const Loop::Link& link : f.stacked) roots.insert(program.root(link.outer));
  for (const SlotId slot : kept) roots.erase(program.root(slot));
  for (std::size_t i = 0; i < program.code.size(); ++i) {
    std::vector<SlotId> elsewhere = reads(program.code[i]);
    if (i == backward)
      for (const Loop::Link& link : program.code[i].loop->slices)
        elsewhere.erase(
            std::find(elsewhere.begin(), elsewhere.end(), link.outer));  // once: it may be captured too
    for (const SlotId slot : elsewhere) roots.erase(program.root(slot));
  }
  return roots;
}

}  // namespace

void checkpoint(Program& program, const std::vector<SlotId>& kept) {
  for (std::size_t f = 0; f < program.code.size(); ++f)
    for (std::size_t b = f + 1; b < program.code.size() && program.code[f].loop; ++b) {
      const Loop *forward = program.code[f].loop.get(), *backward = program.code[b].loop.get();
      if (!backward || forward->stride == Dim::segment() || backward->stride == Dim::segment()) continue;
      if (forward->reverse == backward->reverse || forward->length != backward->length) continue;
      std::set<SlotId> residuals = residuals_between(program, f, b, kept);
      if (residuals.empty()) continue;
      Checkpointing(program, f, b, std::move(residuals)).apply();
      break;
    }
}

}  // namespace unroll
