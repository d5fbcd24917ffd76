#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// d(loss)/d(each of wrt), appended to the tape of `loss`, so that they can be differentiated again. `loss`
/// must have one element, unless a `cotangent` of its shape is given. Zeros where `loss` does not depend on a
/// variable. Asking for a scan's state_trajectory gives the total derivative with respect to the state at
/// every step. Throws std::invalid_argument, naming the op, where a rule is missing.
std::vector<Var> gradients(Var loss, const std::vector<Var>& wrt);
std::vector<Var> gradients(Var output, const std::vector<Var>& wrt, Var cotangent);

/// One walk over a tape's nodes, last to first: cotangents are accumulated in recording order and
/// un-broadcast here, so that a rule returns only its own contribution. Rules record on `target`, which is
/// the tape itself or, inside a scan, the body of the reverse scan; `import` brings a forward value there.
class ReversePass {
 public:
  using Import = std::function<Var(ValueId)>;
  /// `active[v]`: value v depends on something wanted.
  ReversePass(const Tape& forward, Tape& target, std::vector<bool> active, Import import);

  /// Adds to the cotangent of `id` (a value of the forward tape); ignored when `id` is not active.
  void contribute(ValueId id, Var cotangent);
  /// Gives what comes to a value to the first one that is equal to it (first_equal): the rules of what makes
  /// them are applied once, to the sum.
  void merge(std::vector<ValueId> first) { first_ = std::move(first); }
  /// The value whose cotangent has what comes to `id`.
  ValueId first(ValueId id) const { return first_.empty() ? id : first_[id]; }
  /// Does not go back through what makes these values: their cotangents are for others to use.
  void stop_at(std::vector<bool> values) { stops_ = std::move(values); }
  void run();

  /// False also for what was recorded after this pass began.
  bool active(ValueId id) const { return id < static_cast<ValueId>(active_.size()) && active_[id]; }
  std::optional<Var> cotangent(ValueId id);
  const Tape& forward() const { return forward_; }
  Tape& target() const { return target_; }
  Var import(ValueId id) const { return import_(id); }

  /// State trajectories (scan outputs) whose total derivative is asked for, filled with it by scan's reverse
  /// pass.
  std::map<ValueId, std::optional<Var>> trajectories;

 private:
  /// Contributions of one shape along which the value was broadcast are added first, and summed once.
  struct Cotangent {
    std::optional<Var> total, spread;
  };

  static void add_to(std::optional<Var>& total, Var more);
  void pull_back(NodeId id);

  const Tape& forward_;
  Tape& target_;
  std::vector<bool> active_, stops_;
  Import import_;
  std::vector<Cotangent> cotangents_;
  std::vector<ValueId> first_;
  NodeId nodes_;  ///< how many there were before this pass began to append
};

/// Values of `tape` that depend on one of `seeds`. Scans are looked into.
std::vector<bool> depends_on(const Tape& tape, std::vector<bool> seeds);

/// What a rule sees of the op it differentiates.
class Pullback {
 public:
  Pullback(const ReversePass& pass, const Node& node, Var g, std::size_t operand)
      : pass_(pass), node_(node), g_(g), operand_(operand) {}

  /// Where the rule records.
  Tape& tape() const { return pass_.target(); }
  /// The cotangent of the result.
  Var g() const { return g_; }
  /// Operand i, or the result, of the forward pass. The row must have declared that it keeps it.
  Var in(std::size_t i) const;
  Var out() const;
  /// The operand whose cotangent is asked for, and the shapes that the rule may use freely.
  std::size_t operand() const { return operand_; }
  const Dims& dims(std::size_t i) const { return pass_.forward().value(node_.inputs[i]).dims; }
  const Dims& out_dims() const { return pass_.forward().value(node_.outputs[0]).dims; }
  const Attrs& attrs() const { return node_.attrs; }
  /// An index operand: always at hand.
  Var index(std::size_t i) const { return pass_.import(node_.inputs[i]); }

 private:
  const ReversePass& pass_;
  const Node& node_;
  Var g_;
  std::size_t operand_;
};

}  // namespace unroll
