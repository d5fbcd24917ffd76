#include <algorithm>
#include <map>
#include <set>

#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// `dims` of a stacked value for the steps of one segment.
Dims over_segment(Dims dims) {
  dims[0] = Dim::segment();
  return dims;
}

/// A loop over segments, in whose body loops over the steps of one segment are placed. These read and make
/// the segment's part of what they read and made whole.
class SegmentLoop {
 public:
  SegmentLoop(Program& program, const Loop& like) : program_(program) {
    loop_.over = Loop::Segments{};
    loop_.length = like.length;
    loop_.reverse = like.reverse;
  }

  /// The part of `whole` that this segment reads: a slice, or what a loop of the body made.
  Id part(Id whole) {
    if (const auto found = parts_.find(whole); found != parts_.end()) return found->second;
    const Id part = program_.add_like(whole, over_segment(program_.dims(whole)));
    loop_.slices.push_back({whole, part});
    return parts_[whole] = part;
  }

  /// Puts a loop over steps, or blocks of them, into the body. What it stacks stays in the segment.
  Loop& place(Loop inner) {
    inner.length = Dim::segment();
    for (Loop::Slice& slice : inner.slices) slice.whole = part(slice.whole);
    for (Loop::Stack& stack : inner.stacks) {
      const Id part = program_.add_like(stack.whole, over_segment(program_.dims(stack.whole)));
      parts_[stack.whole] = part;
      stack.whole = part;
    }
    loop_.body.push_back({std::move(inner)});
    return *loop_.body.back().loop();
  }

  /// What `inner` stacked is stacked by the segments too.
  void stack(Id whole) { loop_.stacks.push_back({parts_.at(whole), whole}); }

  /// The states of `inner` go from segment to segment.
  void carry(Loop& inner) {
    for (Loop::State& state : inner.states) {
      const Id before = program_.add(program_.values[state.before]),
               after = program_.add(program_.values[before]);
      loop_.states.push_back({state.initial, before, after, state.final});
      state.initial = before;
      state.final = after;
    }
  }

  /// A row for each segment, with the state before it.
  std::vector<Id> keep_states() {
    std::vector<Id> kept;
    for (const Loop::State& state : loop_.states) {
      Dims dims = program_.dims(state.before);
      dims.insert(dims.begin(), Dim::segments());
      kept.push_back(program_.add_like(state.before, dims));
      loop_.stacks.push_back({state.before, kept.back()});
    }
    return kept;
  }

  Id row_of(Id kept, Id state) {
    const Id row = program_.add(program_.values[state]);
    loop_.slices.push_back({kept, row});
    return row;
  }

  Loop take() { return std::move(loop_); }

 private:
  Program& program_;
  Loop loop_;
  std::map<Id, Id> parts_;
};

/// The forward loop keeps the state before every segment, and stacks nothing that only the backward loop
/// reads: that is made again, segment by segment.
void cut(Program& program, std::size_t forward_at, std::size_t backward_at, const std::set<Id>& residuals) {
  const Loop forward = *program.code[forward_at].loop(), backward = *program.code[backward_at].loop();
  SegmentLoop keeping(program, forward);
  Loop& inner = keeping.place(forward);
  keeping.carry(inner);
  for (const Loop::Stack& stack : forward.stacks)
    if (!residuals.contains(stack.whole)) keeping.stack(stack.whole);
  const std::vector<Id> kept = keeping.keep_states();
  program.code[forward_at] = {keeping.take()};

  SegmentLoop again(program, backward);
  std::map<Id, Id> renamed;
  Loop copy = *clone(program, {{forward}}, renamed)[0].loop();
  for (std::size_t k = 0; k < copy.states.size(); ++k)
    copy.states[k].initial = again.row_of(kept[k], copy.states[k].before);
  // The copy's stacks stand for the forward loop's.
  for (std::size_t i = 0; i < copy.stacks.size(); ++i) copy.stacks[i].whole = forward.stacks[i].whole;
  std::erase_if(copy.stacks, [&](const Loop::Stack& stack) { return !residuals.contains(stack.whole); });
  again.place(std::move(copy));
  Loop& back = again.place(backward);
  again.carry(back);
  for (const Loop::Stack& stack : backward.stacks) again.stack(stack.whole);
  program.code[backward_at] = {again.take()};
}

/// What `forward` stacks for `backward`'s slices and nobody else.
std::set<Id> residuals_between(const Program& program, const Loop& forward, const Loop& backward) {
  std::vector<int> reads = count_reads(program);
  for (const Loop::Slice& slice : backward.slices) --reads[slice.whole];
  std::set<Id> residuals;
  for (const Loop::Stack& stack : forward.stacks)
    if (reads[stack.whole] == 0) residuals.insert(stack.whole);
  return residuals;
}

bool over_time(const Loop* loop) { return loop && (loop->is<Loop::Steps>() || loop->is<Loop::Blocks>()); }

bool cut_with_one_behind(Program& program, std::size_t at) {
  const Loop& forward = *program.code[at].loop();
  for (std::size_t b = at + 1; b < program.code.size(); ++b) {
    const Loop* backward = program.code[b].loop();
    if (!over_time(backward) || forward.reverse == backward->reverse || forward.length != backward->length)
      continue;
    const std::set<Id> residuals = residuals_between(program, forward, *backward);
    if (residuals.empty()) continue;
    cut(program, at, b, residuals);
    return true;
  }
  return false;
}

}  // namespace

// Pruned copies are done as before, before, in or after the steps: so they keep their bits.
void checkpoints(Program& program) {
  for (std::size_t i = 0; i < program.code.size(); ++i)
    if (over_time(program.code[i].loop())) cut_with_one_behind(program, i);
  remove_dead(program);
}

}  // namespace unroll::passes
