#include <algorithm>

#include "framework/plan/bind/draft.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::binding {
namespace {

using namespace ir;

/// Whether another operand than number `k` is in the same bytes.
bool also_elsewhere(const Draft& draft, const Compute& compute, Id root, std::size_t k) {
  for (std::size_t i = 0; i < compute.in.size(); ++i)
    if (i != k && draft.root(compute.in[i]) == root) return true;
  return false;
}
constexpr std::size_t no_operand = static_cast<std::size_t>(-1);

/// Whether the instruction may leave result `after` where it reads the state `before`, which nothing reads
/// behind it.
bool may_overwrite(const Draft& draft, int region, std::size_t at, Id after, Id before, bool elementwise) {
  const Region& body = draft.regions[static_cast<std::size_t>(region)];
  const Instruction& instruction = (*body.code)[at];
  if (const Compute* compute = instruction.compute()) {
    if (compute->onto != none)
      return draft.root(compute->onto) == before && !also_elsewhere(draft, *compute, before, no_operand);
    return elementwise && compute->op->in_place && draft.root(compute->in[0]) == before &&
           !also_elsewhere(draft, *compute, before, 0);
  }
  if (const Chain* chain = instruction.chain())
    return elementwise && chain_may_overwrite(draft, *chain, after, before);
  const Loop& loop = *instruction.loop();
  return std::ranges::any_of(loop.states, [&](const Loop::State& state) {
    return state.final != none && draft.root(state.final) == after && draft.root(state.initial) == before &&
           draft.root(state.after) == state.before && reads_of(draft, instruction, before) == 1;
  });
}

/// What may have the bytes of `last` from the instruction on that reads it last: a value on the way to
/// `after`.
Id made_of(const Draft& draft, int region, Id last, Id after, bool elementwise) {
  const auto at = static_cast<std::size_t>(draft.last[last]);
  const Instruction& instruction = (*draft.regions[static_cast<std::size_t>(region)].code)[at];
  Id made = none;
  each_result(instruction, [&](Id id) {
    if (draft.root(id) == id && draft.free_in(id, region) && draft.last[id] > draft.last[last] &&
        draft.last[id] <= draft.made[after] && draft.program.dims(id) == draft.program.dims(after) &&
        may_overwrite(draft, region, at, id, last, elementwise))
      made = id;
  });
  return made;
}

/// What a step makes of a state on the way to the state after, each from what only its instruction still
/// reads: all of them may have the same bytes. Empty where there is no such way.
std::vector<Id> made_in_place(const Draft& draft, int region, Id before, Id after, bool elementwise) {
  std::vector<Id> made;
  Id last = before;
  while (draft.last[last] >= 0 && draft.last[last] < draft.made[after]) {
    last = made_of(draft, region, last, after, elementwise);
    if (last == none) return {};
    made.push_back(last);
  }
  const int at = draft.last[last];
  if (at != draft.made[after] ||
      !may_overwrite(draft, region, static_cast<std::size_t>(at), after, last, elementwise))
    return {};
  made.push_back(after);
  return made;
}

void find_states_in_place(Draft& draft, int region, bool elementwise) {
  const Loop& loop = *draft.regions[static_cast<std::size_t>(region)].loop;
  for (const Loop::State& state : loop.states) {
    const Id after = draft.root(state.after);
    const auto is_after = [&](Id id) { return draft.root(id) == after; };
    if (draft.region_of[after] != region || draft.made[after] < 0 ||
        draft.program.dims(after) != draft.program.dims(state.before))
      continue;
    if (std::ranges::any_of(loop.stacks, [&](const Loop::Stack& s) { return is_after(s.part); }) ||
        std::ranges::count_if(loop.states, [&](const Loop::State& s) { return is_after(s.after); }) != 1)
      continue;
    for (const Id id : made_in_place(draft, region, state.before, after, elementwise))
      draft.shares[id] = state.before;
  }
}

class InPlace {
 public:
  InPlace(Draft& draft, int region, bool elementwise)
      : draft_(draft),
        region_(region),
        code_(*draft.regions[static_cast<std::size_t>(region)].code),
        elementwise_(elementwise) {}

  void run() {
    for (std::size_t i = 0; i < code_.size(); ++i) {
      position_ = static_cast<int>(i);
      if (const Compute* compute = code_[i].compute()) bind(*compute);
      if (const Chain* chain = code_[i].chain(); chain && elementwise_) bind(*chain);
      if (const Loop* loop = code_[i].loop()) bind(*loop, code_[i]);
    }
  }

 private:
  /// Bytes that nothing reads after this position.
  bool gives_way(Id root) const {
    return (draft_.free_in(root, region_) || own_slice(root)) && draft_.last[root] == position_;
  }

  /// The part of a value that only this loop reads, only here, and that nothing has a claim on.
  bool own_slice(Id root) const {
    const Region& region = draft_.regions[static_cast<std::size_t>(region_)];
    if (!region.loop) return false;
    const auto slice = std::ranges::find(region.loop->slices, root, &Loop::Slice::part);
    if (slice == region.loop->slices.end()) return false;
    const Id whole = draft_.root(slice->whole);
    const Instruction& loop = (*draft_.regions[static_cast<std::size_t>(region.parent)]
                                    .code)[static_cast<std::size_t>(region.position)];
    return draft_.free_in(whole, region.parent) && draft_.last[whole] == region.position &&
           draft_.program.dims(whole).size() > 0 && reads_of(draft_, loop, whole) == 1;
  }

  /// `from`, which gives way, and `to` become the same bytes: those that something else has a claim on.
  void join(Id from, Id to) {
    if (draft_.free_in(to, region_))
      draft_.share(to, from);
    else if (draft_.free_in(from, region_))
      draft_.share(from, to);
  }

  bool same_bytes(Id a, Id b) const {
    const ir::Value &x = draft_.program.values[a], &y = draft_.program.values[b];
    return x.kind == y.kind && numel(x.dims) == numel(y.dims);
  }

  void bind(const Compute& compute) {
    const Id out = draft_.root(compute.out);
    if (compute.onto != none) {
      const Id total = draft_.root(compute.onto);
      if (total != out && gives_way(total) && same_bytes(total, out) &&
          !also_elsewhere(draft_, compute, total, no_operand))
        join(total, out);
    } else if (elementwise_ && compute.op->in_place) {
      const Id in = draft_.root(compute.in[0]);
      if (in != out && draft_.free_in(out, region_) && gives_way(in) && same_bytes(in, out) &&
          !also_elsewhere(draft_, compute, in, 0))
        draft_.share(out, in);
    }
  }

  void bind(const Chain& chain) {
    for (const Id result : chain.out) {
      const Id out = draft_.root(result);
      if (!draft_.free_in(out, region_)) continue;
      for (const Compute& link : chain.links) {
        const auto in = std::ranges::find_if(link.in, [&](Id id) { return may_take(chain, result, id); });
        if (in == link.in.end()) continue;
        draft_.share(out, draft_.root(*in));
        break;
      }
    }
  }

  bool may_take(const Chain& chain, Id result, Id operand) const {
    const Id root = draft_.root(operand), out = draft_.root(result);
    const bool taken = std::ranges::any_of(chain.out, [&](Id id) { return draft_.root(id) == root; });
    return root != out && !taken && draft_.free_in(root, region_) && draft_.last[root] == position_ &&
           same_bytes(root, out) && chain_may_overwrite(draft_, chain, result, root);
  }

  /// A state that is changed in place begins where its initial value is, if nobody else needs that.
  void bind(const Loop& loop, const Instruction& instruction) {
    for (const Loop::State& state : loop.states) {
      if (state.final == none || draft_.root(state.after) != state.before) continue;
      const Id initial = draft_.root(state.initial), final = draft_.root(state.final);
      if (initial != final && draft_.free_in(initial, region_) && draft_.last[initial] == position_ &&
          reads_of(draft_, instruction, initial) == 1)
        join(initial, final);
    }
  }

  Draft& draft_;
  int region_;
  const Code& code_;
  bool elementwise_;
  int position_ = 0;
};

}  // namespace

void find_states_in_place(Draft& draft, bool elementwise) {
  for (std::size_t region = draft.regions.size(); region-- > 1;)  // inner loops come first
    find_states_in_place(draft, static_cast<int>(region), elementwise);
}

void write_in_place(Draft& draft, bool elementwise) {
  for (std::size_t region = 0; region < draft.regions.size(); ++region)
    InPlace(draft, static_cast<int>(region), elementwise).run();
}

}  // namespace unroll::binding
