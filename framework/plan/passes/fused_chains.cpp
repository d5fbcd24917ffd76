#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// A sum of elementwise work on rows, which may be taken where that is done.
bool is_sum(const Compute& compute, const Program& program) {
  return sums(*compute.op) && sums_by_row(program.dims(compute.out), program.dims(compute.in[0]));
}

bool fusable(const Instruction& instruction, const Program& program, const std::vector<Dims>& without_rows) {
  const Compute* compute = instruction.compute();
  if (!compute || !(chainable(*compute->op) || is_sum(*compute, program))) return false;
  const Dims& shape = shape_in_chain(*compute, program);
  const bool by_rows = std::ranges::find(without_rows, shape) == without_rows.end();
  if (!by_rows && !chainable(*compute->op)) return false;
  return std::ranges::all_of(compute->in, [&](Id in) {
    const Dims& dims = program.dims(in);
    return program.values[in].kind == Kind::real &&
           (by_rows ? access_in_chain(dims, shape) : access(dims, shape)).has_value();
  });
}

/// Orders a piece of code anew: everything else as soon as it can run, then all elementwise work on one shape
/// that can run, and so on.
class Fuser {
 public:
  /// `reads` counts for the whole program.
  Fuser(const Program& program, Code& code, const std::vector<int>& reads)
      : program_(program),
        code_(code),
        pending_(std::move(code)),
        reads_(reads),
        missing_(program.values.size(), false),
        summed_(program.values.size(), false) {
    code.clear();
    const std::vector<Dims> without_rows = shapes_with_calls(program, pending_);
    for (const Instruction& instruction : pending_) {
      each_result(instruction, [&](Id id) { missing_[id] = true; });
      fusable_.push_back(fusable(instruction, program, without_rows));
      if (fusable_.back() && sums(*instruction.compute()->op)) summed_[instruction.compute()->out] = true;
      std::vector<Id>& read = read_by_.emplace_back();
      each_read(instruction, [&](Id id) { read.push_back(id); });
    }
    done_.assign(pending_.size(), false);
  }

  void run() {
    for (;;) {
      while (emit_ready()) {
      }
      if (std::ranges::find(done_, false) == done_.end()) return;
      emit_chain();
    }
  }

 private:
  using Members = std::vector<std::size_t>;  ///< positions in pending_

  bool ready(std::size_t i) const {
    return std::ranges::none_of(read_by_[i], [&](Id id) { return missing_[id]; });
  }

  bool emit_ready() {
    bool any = false;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (done_[i] || fusable_[i] || !ready(i)) continue;
      each_result(pending_[i], [&](Id id) { missing_[id] = false; });
      code_.push_back(std::move(pending_[i]));
      done_[i] = any = true;
    }
    return any;
  }

  const Compute& compute(std::size_t i) const { return *pending_[i].compute(); }
  const Dims& dims(std::size_t i) const { return shape_in_chain(compute(i), program_); }
  bool is_sum(std::size_t i) const { return sums(*compute(i).op); }

  bool on_shape(std::size_t i, const Dims& shape) const {
    return !done_[i] && fusable_[i] && dims(i) == shape;
  }

  /// The elementwise work on one shape that can run.
  Members chain_on(const Dims& shape) const {
    Members members;
    std::vector<bool> missing = missing_;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (!on_shape(i, shape) || std::ranges::any_of(compute(i).in, [&](Id in) { return missing[in]; }))
        continue;
      if (compute(i).onto != none && missing[compute(i).onto]) continue;
      members.push_back(i);
      if (!is_sum(i)) missing[compute(i).out] = false;  // of a sum when all is added up
    }
    return members;
  }

  /// Those members that something else than elementwise work on this shape waits for, and what they need. The
  /// rest is left to a later chain, which reads its results: there they need not be stored and loaded.
  Members needed_now(const Members& members, const Dims& shape) const {
    std::vector<int> others = reads_;
    for (std::size_t i = 0; i < pending_.size(); ++i)
      if (on_shape(i, shape))
        for (const Id in : compute(i).in)
          if (!summed_[in]) --others[in];
    std::vector<bool> needed(program_.values.size(), false);
    Members chain;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      const Id out = compute(*member).out;
      if (others[out] <= 0 && !needed[out]) continue;
      for (const Id in : compute(*member).in) needed[in] = true;
      chain.push_back(*member);
    }
    std::ranges::reverse(chain);
    return chain;
  }

  /// On the first shape where something is needed now; it is in recording order that shapes come.
  Members next_chain() const {
    Members first;
    std::vector<Dims> seen;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (done_[i] || !fusable_[i] || !ready(i) || std::ranges::find(seen, dims(i)) != seen.end()) continue;
      seen.push_back(dims(i));
      const Members members = chain_on(dims(i));
      Members chain = needed_now(members, dims(i));
      if (!chain.empty()) return chain;
      if (first.empty()) first = members;
    }
    return first;
  }

  void emit_chain() {
    const Members members = next_chain();
    std::vector<int> outside = reads_;
    for (const std::size_t i : members)
      for (const Id in : compute(i).in) --outside[in];
    Chain chain;
    chain.dims = dims(members[0]);
    for (const std::size_t i : members) {
      Compute& link = *pending_[i].compute();
      missing_[link.out] = false;
      if (outside[link.out] > 0 || sums(*link.op)) chain.out.push_back(link.out);
      chain.links.push_back(std::move(link));
      done_[i] = true;
    }
    code_.push_back({std::move(chain)});
  }

  const Program& program_;
  Code& code_;
  Code pending_;
  const std::vector<int>& reads_;
  std::vector<bool> missing_;  ///< what code not yet emitted makes
  std::vector<bool> summed_;   ///< what a chain may make, but not read
  std::vector<bool> fusable_, done_;
  std::vector<std::vector<Id>> read_by_;
};

void fuse(const Program& program, Code& code, const std::vector<int>& reads) {
  for (Instruction& instruction : code)
    if (Loop* loop = instruction.loop()) fuse(program, loop->body, reads);
  Fuser(program, code, reads).run();
}

}  // namespace

void fused_chains(Program& program) { fuse(program, program.code, count_reads(program)); }

}  // namespace unroll::passes
