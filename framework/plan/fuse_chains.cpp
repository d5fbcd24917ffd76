#include <algorithm>
#include <map>
#include <set>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/fused.hpp"

namespace unroll {
namespace {

bool fusable(const Instruction& instruction, const Program& program) {
  if (instruction.loop || !instruction.op->elementwise()) return false;
  const Dims& full = program.slots[instruction.out].dims;
  return std::all_of(instruction.in.begin(), instruction.in.end(), [&](SlotId in) {
    return program.slots[in].kind == Kind::real && access(program.slots[in].dims, full).has_value();
  });
}

/// Spreading rows or scalars is a copy to a chain, whose members read their operands at any of its accesses.
void spread_in_chains(Program& program) {
  for (Instruction& instruction : program.code)
    if (instruction.op->rows == Rows::spread &&
        access(program.slots[instruction.in[0]].dims, program.slots[instruction.out].dims))
      instruction.op = &identity_op();
}

/// Makes one instruction of several, which stand in an order in which they can run.
class ChainMaker {
 public:
  ChainMaker(const Program& program, const std::vector<Instruction>& members, const std::set<SlotId>& wanted)
      : members_(members), fused_(std::make_shared<Fused>()) {
    fused_->dims = program.slots[members[0].out].dims;
    for (std::size_t i = 0; i < members.size(); ++i) {
      member_of_[members[i].out] = i;
      for (const SlotId in : members[i].in) last_use_[in] = i;
    }
    for (const Instruction& member : members) {
      for (const SlotId in : member.in)
        if (!member_of_.contains(in) && !number_.contains(in)) {
          number_[in] = static_cast<int>(inputs_.size());
          inputs_.push_back(in);
        }
    }
    for (const Instruction& member : members)
      if (wanted.contains(member.out)) {
        number_[member.out] = static_cast<int>(inputs_.size() + fused_->out.size());
        fused_->out.push_back(member.out);
      }
  }

  Instruction make() {
    const int first_inner = static_cast<int>(inputs_.size() + fused_->out.size());
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const Instruction& member = members_[i];
      Fused::Link link{member.op, {-1, -1, -1}, -1};
      for (std::size_t k = 0; k < member.in.size(); ++k) link.from[k] = number_.at(member.in[k]);
      // An operand that is read for the last time gives its place to the result.
      for (const SlotId in : member.in)
        if (number_.at(in) >= first_inner && last_use_[in] == i) free_.insert(number_.at(in));
      if (!number_.contains(member.out)) number_[member.out] = take(first_inner);
      link.to = number_[member.out];
      fused_->chain.push_back(link);
    }
    return {.op = members_.back().op, .in = inputs_, .fused = fused_};
  }

 private:
  int take(int first_inner) {
    if (free_.empty()) return first_inner + fused_->inner++;
    const int number = *free_.begin();
    free_.erase(free_.begin());
    return number;
  }

  const std::vector<Instruction>& members_;
  std::shared_ptr<Fused> fused_;
  std::vector<SlotId> inputs_;
  std::map<SlotId, std::size_t> member_of_, last_use_;
  std::map<SlotId, int> number_;
  std::set<int> free_;
};

/// Orders a program's code anew: everything else as soon as it can run, then all elementwise work on one
/// shape that can run, and so on.
class Fuser {
 public:
  Fuser(Program& program, const std::vector<SlotId>& kept)
      : program_(program), pending_(std::move(program.code)) {
    program.code.clear();
    for (const Instruction& instruction : pending_) {
      for (const SlotId slot : writes(instruction)) mark_missing(instruction, slot);
      for (const SlotId slot : reads(instruction)) ++uses_[program.root(slot)];
    }
    for (const SlotId slot : kept) ++uses_[program.root(slot)];
  }

  void run() {
    while (!pending_.empty()) {
      while (emit_ready()) {
      }
      if (!pending_.empty()) emit_chain();
    }
  }

 private:
  bool ready(const Instruction& instruction) const {
    const std::vector<SlotId> slots = reads(instruction);
    return std::none_of(slots.begin(), slots.end(), [&](SlotId s) { return is_missing(s); });
  }

  /// Who writes to a view makes all of its bytes; who adds to bytes makes a new value in them.
  void mark_missing(const Instruction& instruction, SlotId slot) {
    missing_.insert(slot);
    while (!instruction.accumulate && program_.slots[slot].alias != no_slot)
      missing_.insert(slot = program_.slots[slot].alias);
  }

  void mark_made(SlotId slot) {
    for (; slot != no_slot; slot = program_.slots[slot].alias) missing_.erase(slot);
  }

  bool is_missing(SlotId slot) const {
    for (; slot != no_slot; slot = program_.slots[slot].alias)
      if (missing_.contains(slot)) return true;
    return false;
  }

  void emit(Instruction instruction) {
    for (const SlotId slot : writes(instruction)) mark_made(slot);
    program_.code.push_back(std::move(instruction));
  }

  bool emit_ready() {
    const auto rest =
        std::stable_partition(pending_.begin(), pending_.end(), [&](const Instruction& instruction) {
          if (fusable(instruction, program_) || !ready(instruction)) return true;
          emit(instruction);
          return false;
        });
    const bool any = rest != pending_.end();
    pending_.erase(rest, pending_.end());
    return any;
  }

  /// The elementwise work on one shape that can run.
  std::vector<Instruction> chain_on(const Dims& dims) const {
    std::vector<Instruction> members;
    std::set<SlotId> results;
    for (const Instruction& instruction : pending_) {
      if (!on_shape(instruction, dims) ||
          !std::all_of(instruction.in.begin(), instruction.in.end(),
                       [&](SlotId in) { return results.contains(in) || !is_missing(in); }))
        continue;
      members.push_back(instruction);
      results.insert(instruction.out);
    }
    return members;
  }

  bool on_shape(const Instruction& instruction, const Dims& dims) const {
    return fusable(instruction, program_) && program_.slots[instruction.out].dims == dims;
  }

  /// Those members that something else than elementwise work on this shape waits for, and what they need. The
  /// rest is left to a later chain, which reads its results: there they need not be stored and loaded.
  std::vector<Instruction> needed_now(const std::vector<Instruction>& members, const Dims& dims) const {
    std::map<SlotId, int> others = uses_;
    for (const Instruction& instruction : pending_)
      if (on_shape(instruction, dims))
        for (const SlotId in : instruction.in) --others[program_.root(in)];
    std::set<SlotId> needed;
    std::vector<Instruction> chain;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      const SlotId root = program_.root(member->out);
      if (others[root] <= 0 && !needed.contains(root)) continue;
      for (const SlotId in : member->in) needed.insert(program_.root(in));
      chain.push_back(*member);
    }
    std::reverse(chain.begin(), chain.end());
    return chain;
  }

  /// On the first shape where something is needed now; it is in recording order that shapes come.
  std::vector<Instruction> next_chain() const {
    std::vector<Instruction> first;
    std::vector<Dims> seen;
    for (const Instruction& instruction : pending_) {
      const Dims& dims = program_.slots[instruction.out].dims;
      if (!ready(instruction) || std::find(seen.begin(), seen.end(), dims) != seen.end()) continue;
      seen.push_back(dims);
      const std::vector<Instruction> members = chain_on(dims);
      std::vector<Instruction> chain = needed_now(members, dims);
      if (!chain.empty()) return chain;
      if (first.empty()) first = members;
    }
    return first;
  }

  void emit_chain() {
    const std::vector<Instruction> members = next_chain();
    std::set<SlotId> results;
    for (const Instruction& member : members) results.insert(member.out);
    std::erase_if(pending_, [&](const Instruction& instruction) {
      return !instruction.loop && results.contains(instruction.out);
    });
    emit(ChainMaker(program_, members, needed_outside(members)).make());
    for (const SlotId slot : results) mark_made(slot);
  }

  /// Results of the chain that something else reads.
  std::set<SlotId> needed_outside(const std::vector<Instruction>& members) const {
    std::map<SlotId, int> uses = uses_;
    for (const Instruction& member : members)
      for (const SlotId in : member.in) --uses[program_.root(in)];
    std::set<SlotId> wanted;
    for (const Instruction& member : members)
      if (uses[program_.root(member.out)] > 0) wanted.insert(member.out);
    return wanted;
  }

  Program& program_;
  std::vector<Instruction> pending_;
  std::set<SlotId> missing_;  ///< what code not yet emitted makes
  std::map<SlotId, int> uses_;
};

}  // namespace

std::optional<Access> access(const Dims& operand, const Dims& full) {
  Dims dims(full.size() - std::min(full.size(), operand.size()), Dim(1));
  dims.insert(dims.end(), operand.begin(), operand.end());
  if (dims.size() != full.size()) return std::nullopt;
  if (dims == full) return Access::whole;
  if (std::all_of(dims.begin(), dims.end(), [](Dim d) { return d == Dim(1); })) return Access::scalar;
  const auto first = std::find_if(dims.begin(), dims.end(), [](Dim d) { return d != Dim(1); }) - dims.begin();
  if (std::equal(dims.begin() + first, dims.end(), full.begin() + first)) return Access::tiled;
  const auto last =
      std::find_if(dims.rbegin(), dims.rend(), [](Dim d) { return d != Dim(1); }) - dims.rbegin();
  if (std::equal(dims.rbegin() + last, dims.rend(), full.rbegin() + last)) return Access::repeated;
  return std::nullopt;
}

void fuse_chains(Program& program, const std::vector<SlotId>& kept) {
  for (Instruction& instruction : program.code)
    if (instruction.loop) fuse_chains(instruction.loop->body, observed(*instruction.loop));
  spread_in_chains(program);
  Fuser(program, kept).run();
}

}  // namespace unroll
