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
  explicit BroadcastOnce(Loop& loop) : body_(loop.body) {
    for (const Loop::Link& link : loop.captures) steady_.insert(link.inner);
    for (const Instruction& instruction : body_.prologue) steady_.insert(instruction.out);
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
    const SlotId slot = body_.add_slot({.dims = full, .place = Place::persistent});
    body_.prologue.push_back({.op = &broadcast_to_op(), .in = {from}, .out = slot});
    made_[from].push_back(slot);
    return slot;
  }

  Program& body_;
  std::set<SlotId> steady_;
  std::map<SlotId, std::vector<SlotId>> made_;
};

}  // namespace

// Steps are short: to lay out a bias for all rows of the batch would take a good part of the time that the
// step takes to add it.
void broadcast_once(Program& program) {
  for (Instruction& instruction : program.code) {
    if (!instruction.loop) continue;
    broadcast_once(instruction.loop->body);
    BroadcastOnce(*instruction.loop).run();
  }
}

}  // namespace unroll
