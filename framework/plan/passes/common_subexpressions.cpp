#include <boost/container_hash/hash.hpp>

#include <unordered_map>

#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// Of equal instructions the first one stays; those that read the others read it instead.
class Merging {
 public:
  explicit Merging(Program& program) : same_(program.values.size()) {
    for (std::size_t id = 0; id < same_.size(); ++id) same_[id] = static_cast<Id>(id);
  }

  void run(Program& program) {
    merge(program.once, true);
    merge(program.code, false);
    for (Id& output : program.outputs) output = same_[output];
  }

 private:
  static std::size_t hash(const Compute& compute) {
    std::size_t value = std::hash<const Op*>{}(compute.op);
    boost::hash_range(value, compute.in.begin(), compute.in.end());
    return value;
  }

  const Compute* equal(const Compute& compute) const {
    const auto [from, to] = seen_.equal_range(hash(compute));
    for (auto found = from; found != to; ++found) {
      const Compute& other = *found->second;
      if (other.op == compute.op && other.in == compute.in && other.attrs == compute.attrs) return &other;
    }
    return nullptr;
  }

  /// Constants in the code are what sums begin with: each needs bytes of its own to add to.
  static bool mergeable(const Compute& compute, bool constants) {
    return compute.onto == none && (constants || !compute.in.empty());
  }

  void merge(Code& code, bool constants) {
    std::vector<std::pair<std::size_t, const Compute*>> here;
    for (Instruction& instruction : code) {
      rename_reads(instruction);
      if (Loop* loop = instruction.loop()) merge(*loop);
      const Compute* compute = instruction.compute();
      if (!compute || !mergeable(*compute, constants)) continue;
      if (const Compute* first = equal(*compute)) {
        same_[compute->out] = first->out;
      } else {
        seen_.emplace(hash(*compute), compute);
        here.emplace_back(hash(*compute), compute);
      }
    }
    if (!constants) forget(here);
  }

  void merge(Loop& loop) {
    merge(loop.body, false);
    for (Loop::State& state : loop.states) state.after = same_[state.after];
    for (Loop::Stack& stack : loop.stacks) stack.part = same_[stack.part];
  }

  /// What a loop computes is not seen behind it.
  void forget(const std::vector<std::pair<std::size_t, const Compute*>>& here) {
    for (const auto& [hash, compute] : here) {
      auto [found, to] = seen_.equal_range(hash);
      while (found != to && found->second != compute) ++found;
      seen_.erase(found);
    }
  }

  void rename_reads(Instruction& instruction) {
    if (Compute* compute = instruction.compute())
      for (Id& in : compute->in) in = same_[in];
    Loop* loop = instruction.loop();
    if (!loop) return;
    for (Loop::Slice& slice : loop->slices) slice.whole = same_[slice.whole];
    for (Loop::State& state : loop->states) state.initial = same_[state.initial];
  }

  std::vector<Id> same_;
  std::unordered_multimap<std::size_t, const Compute*> seen_;
};

}  // namespace

void common_subexpressions(Program& program) {
  Merging(program).run(program);
  remove_dead(program);  // what nobody reads any more
}

}  // namespace unroll::passes
