#include <algorithm>
#include <optional>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/lift.hpp"
#include "framework/plan/step_analysis.hpp"

namespace unroll {
namespace {

/// Turns a loop over steps into a loop over blocks of R steps, whose body is: what comes before the steps of
/// the block, a loop over them, what comes after them.
class BlockBuilder {
 public:
  BlockBuilder(const Loop& loop, const StepAnalysis& analysis)
      : loop_(loop), step_(loop.body), analysis_(analysis), up_(step_.slots.size(), no_slot) {
    block_->length = loop.length;
    block_->stride = Dim::block();
    block_->reverse = steps_->reverse = loop.reverse;
    block_->state_sizes = loop.state_sizes;
    steps_->length = Dim::block();
    steps_->body.slots = step_.slots;
    steps_->step_index = loop.step_index;
  }

  std::shared_ptr<Loop> build() {
    come_in();
    for (const Instruction& instruction : step_.prologue) lift_steady(instruction);
    leave();
    emit(When::before);
    for (std::size_t i = 0; i < step_.code.size(); ++i)
      if (analysis_.when(i) == When::in_steps)
        steps_->body.code.push_back(step_.code[i]);
      else
        steps_->body.slots[step_.code[i].out].place = Place::outside;  // no bytes of its own in the step
    std::vector<Instruction> before = std::move(block_->body.code);
    block_->body.code.clear();
    emit(When::after);
    sum();
    link_into_steps();
    join(std::move(before));
    return block_;
  }

 private:
  Program& body() { return block_->body; }
  const Dims& dims(SlotId q) const { return step_.slots[q].dims; }

  SlotId add(Dims dims, Kind kind, Place place) {
    return body().add_slot({.dims = std::move(dims), .kind = kind, .place = place});
  }

  void come_in() {
    for (const Loop::Link& link : loop_.slices) {
      up_[link.inner] = add(over_block(dims(link.inner)), step_.slots[link.inner].kind, Place::outside);
      block_->slices.push_back({link.outer, up_[link.inner]});
    }
    for (const Loop::Link& link : loop_.captures) {
      up_[link.inner] = add(dims(link.inner), step_.slots[link.inner].kind, Place::outside);
      block_->captures.push_back({link.outer, up_[link.inner]});
    }
  }

  /// What no step changes is done once, before all blocks.
  void lift_steady(const Instruction& instruction) {
    Instruction lifted = instruction;
    for (SlotId& in : lifted.in) in = up(in);
    lifted.out = up_[instruction.out] = add(dims(instruction.out), Kind::real, Place::persistent);
    steps_->body.slots[instruction.out].place = Place::outside;
    body().prologue.push_back(std::move(lifted));
  }

  void leave() {
    for (const Loop::Link& link : loop_.stacked) {
      const SlotId out = up_[link.inner] = add(over_block(dims(link.inner)), Kind::real, Place::outside);
      block_->stacked.push_back({link.outer, out});
      if (analysis_.computed_in_steps(link.inner)) steps_->stacked.push_back({out, link.inner});
    }
    for (const Loop::State& state : loop_.states) {
      const SlotId before = add(dims(state.before), Kind::real, Place::outside);
      const SlotId after = add(dims(state.before), Kind::real, Place::alternating);
      SlotId history = no_slot;
      if (state.history != no_slot) {
        history = add(over_block(dims(state.before)), Kind::real, Place::outside);
        block_->stacked.push_back({state.history, history});
      }
      block_->states.push_back({state.initial, before, after, state.final, no_slot});
      steps_->states.push_back({before, state.before, state.after, after, history});
    }
  }

  /// Where the block has slot q of the step: one value where it is the same at every step, else all of them.
  SlotId up(SlotId q) {
    if (up_[q] != no_slot) return up_[q];
    const SlotId root = step_.root(q);
    if (root != q) {
      const SlotId whole = up(root);
      return up_[q] = view(body(), whole, analysis_.steady(q) ? dims(q) : over_block(dims(q)));
    }
    return up_[q] = stack(q);
  }

  /// A result of the steps that what comes after them reads.
  SlotId stack(SlotId q) {
    const SlotId out = add(over_block(dims(q)), step_.slots[q].kind, Place::arena);
    Program& steps = steps_->body;
    SlotId inner = q;
    if (analysis_.computed_in_steps(q)) {
      steps.slots[q].place = Place::outside;
    } else {  // a state before the step
      inner = steps.add_slot({.dims = dims(q), .place = Place::outside});
      steps.code.insert(steps.code.begin(), {.op = &identity_op(), .in = {q}, .out = inner});
    }
    steps_->stacked.push_back({out, inner});
    return out;
  }

  void emit(When when) {
    for (std::size_t i = 0; i < step_.code.size(); ++i) {
      if (analysis_.when(i) != when || analysis_.only_summed(i)) continue;
      const Instruction& instruction = step_.code[i];
      const BlockOperands in = operands(instruction);
      if (up_[instruction.out] == no_slot)
        up_[instruction.out] = add(over_block(dims(instruction.out)), instruction.op->result, Place::arena);
      lift(instruction, step_, in, up_[instruction.out], body());
    }
  }

  BlockOperands operands(const Instruction& instruction) {
    BlockOperands in;
    for (const SlotId q : instruction.in) {
      in.slots.push_back(up(q));
      in.stacked.push_back(!analysis_.steady(q));
    }
    return in;
  }

  void sum() {
    for (const Loop::Link& link : loop_.summed) {
      const SlotId total = add(dims(link.inner), Kind::real, Place::outside);
      block_->accumulated.push_back({link.outer, total});
      const std::optional<std::size_t> producer = analysis_.producer(link.inner);
      if (!producer || analysis_.when(*producer) == When::in_steps) {
        steps_->summed.push_back({total, link.inner});
      } else if (analysis_.only_summed(*producer)) {
        const Instruction& instruction = step_.code[*producer];
        lift_sum(instruction, step_, operands(instruction), total, body());
      } else {
        body().code.push_back({.op = &sum_to_op(), .in = {up(link.inner)}, .out = total, .accumulate = true});
      }
    }
  }

  /// Gives the steps what they read of the block.
  void link_into_steps() {
    Program& steps = steps_->body;
    std::vector<SlotId> wanted = observed(*steps_);
    for (const Instruction& instruction : steps.code)
      wanted.insert(wanted.end(), instruction.in.begin(), instruction.in.end());
    std::vector<bool> linked(steps.slots.size(), false);
    for (const SlotId slot : wanted) {
      const SlotId q = steps.root(slot);
      if (linked[q] || static_cast<std::size_t>(q) >= up_.size() || !analysis_.comes_from_block(q)) continue;
      linked[q] = true;
      (analysis_.steady(q) ? steps_->captures : steps_->slices).push_back({up(q), q});
      steps.slots[q].place = Place::outside;
    }
  }

  void join(std::vector<Instruction> before) {
    std::vector<Instruction>& code = body().code;
    if (!steps_->body.code.empty() || !steps_->states.empty() || !steps_->summed.empty())
      before.push_back({.op = &scan_op, .loop = steps_});
    code.insert(code.begin(), std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
  }

  const Loop& loop_;
  const Program& step_;
  const StepAnalysis& analysis_;
  std::shared_ptr<Loop> block_ = std::make_shared<Loop>(), steps_ = std::make_shared<Loop>();
  std::vector<SlotId> up_;  ///< where the block has each slot of the step
};

}  // namespace

void run_in_blocks(Program& program, const PlanOptions& options) {
  for (Instruction& instruction : program.code) {
    if (!instruction.loop) continue;
    const StepAnalysis analysis(*instruction.loop, options);
    if (analysis.leaves_the_loop()) instruction.loop = BlockBuilder(*instruction.loop, analysis).build();
  }
}

}  // namespace unroll
