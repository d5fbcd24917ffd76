#include <algorithm>
#include <map>
#include <set>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/fused.hpp"

namespace unroll {
namespace {

bool fixed_or_batch(const Dims& dims) {
  return std::all_of(dims.begin(), dims.end(),
                     [](Dim d) { return d.fixed() || d == Dim(d.number()) * Dim::batch(); });
}

class BroadcastOnce {
 public:
  /// `around` is the loop in whose body `loop` stands, or null.
  BroadcastOnce(Loop& loop, Loop* around)
      : loop_(loop), body_(loop.body), around_(around), steady_(steady_slots(loop)) {
    if (around) steady_around_ = steady_slots(*around);
  }

  void run() {
    for (Instruction& instruction : body_.code) {
      if (instruction.loop || !instruction.op->elementwise()) continue;
      const Dims full = body_.slots[instruction.out].dims;
      if (!fixed_or_batch(full)) continue;
      for (SlotId& in : instruction.in) {
        const auto how = access(body_.slots[in].dims, full);
        if (steady_.contains(in) && (how == Access::tiled || how == Access::repeated))
          in = broadcast(in, full);
      }
    }
  }

 private:
  SlotId broadcast(SlotId from, const Dims& full) {
    for (const SlotId slot : made_[from])
      if (body_.slots[slot].dims == full) return slot;
    made_[from].push_back(make(from, full));
    return made_[from].back();
  }

  /// In the outer loop's prologue where that has the value too: an inner one runs for every block.
  SlotId make(SlotId from, const Dims& full) {
    for (const Loop::Link& link : loop_.captures) {
      if (link.inner != from || !steady_around_.contains(link.outer)) continue;
      const SlotId outer = add(around_->body, link.outer, full);
      const SlotId inner = body_.add_slot({.dims = full, .place = Place::outside});
      loop_.captures.push_back({outer, inner});
      return inner;
    }
    return add(body_, from, full);
  }

  static SlotId add(Program& program, SlotId from, const Dims& full) {
    const SlotId slot = program.add_slot({.dims = full, .place = Place::persistent});
    program.prologue.push_back({.op = &broadcast_to_op(), .in = {from}, .out = slot});
    return slot;
  }

  Loop& loop_;
  Program& body_;
  Loop* around_;
  std::set<SlotId> steady_, steady_around_;
  std::map<SlotId, std::vector<SlotId>> made_;
};

void broadcast_once(Program& program, Loop* around) {
  for (Instruction& instruction : program.code) {
    if (!instruction.loop) continue;
    broadcast_once(instruction.loop->body, instruction.loop.get());
    BroadcastOnce(*instruction.loop, around).run();
  }
}

}  // namespace

// Steps are short: to lay out a bias for all rows of the batch would take a good part of the time that the
// step takes to add it.
void broadcast_once(Program& program) { broadcast_once(program, nullptr); }

}  // namespace unroll
