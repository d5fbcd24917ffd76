#include "framework/autodiff/scan_reverse.hpp"

#include <algorithm>
#include <numeric>

#include "framework/autodiff/behind_scan.hpp"
#include "framework/autodiff/equal_work.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/autodiff/record_again.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/autodiff/steady_part.hpp"

namespace unroll {
namespace {

using Role = ScanBody::Role;

Dims step_dims(Var stacked) { return {stacked.dims().begin() + 1, stacked.dims().end()}; }

class ScanReverser {
 public:
  ScanReverser(ReversePass& pass, NodeId node)
      : pass_(pass),
        outer_(pass.target()),
        node_(node),
        forward_attrs_(outer_.node(node).attrs.as<ScanAttrs>()),
        forward_(*forward_attrs_.body),
        length_(forward_attrs_.length),
        backward_(std::make_shared<ScanBody>(outer_)) {}

  void run() {
    if (any_cotangent()) go_back();
    add_last_of_trajectories();
  }

 private:
  void go_back() {
    active_ = active_in_body();
    steady_.emplace(forward_, outer_, active_);
    ReversePass inner(forward_.tape, backward_->tape, active_, [this](ValueId v) { return import(v); });
    inner.merge(first_ = first_in_body());
    inner.stop_at(steady_->values());
    seed(inner);
    inner.run();
    emit(inner);
  }

  const std::vector<ValueId>& operands() const { return outer_.node(node_).inputs; }
  ValueId initial_of(std::size_t k) const { return operands()[forward_.inputs.size() + k]; }
  ValueId result(std::size_t i) const { return outer_.node(node_).outputs[i]; }

  std::optional<Var> cotangent_of(std::size_t i) const {
    return pass_.active(result(i)) ? pass_.cotangent(result(i)) : std::nullopt;
  }

  bool wanted_trajectory(std::size_t i) const { return pass_.trajectories.contains(result(i)); }

  bool any_cotangent() const {
    for (std::size_t i = 0; i < forward_.outputs.size(); ++i)
      if (cotangent_of(i)) return true;
    return false;
  }

  /// Captures of equal values are equal; what the step puts out or passes on has a derivative of its own.
  std::vector<ValueId> first_in_body() const {
    std::vector<bool> apart(forward_.tape.values().size(), false);
    for (const ValueId v : forward_.next) apart[v] = true;
    for (const ScanBody::Output& out : forward_.outputs) apart[out.value] = true;
    std::vector<ValueId> known(apart.size());
    std::iota(known.begin(), known.end(), 0);
    std::map<ValueId, ValueId> captured;
    for (const auto& [from, to] : forward_.tape.captures())
      known[to] = captured.emplace(pass_.first(from), to).first->second;
    return first_equal(forward_.tape, std::move(known), apart);
  }

  std::vector<bool> active_in_body() const {
    std::vector<bool> active(forward_.tape.values().size(), false);
    std::size_t operand = 0;
    for (const ValueId v : forward_.inputs) active[v] = pass_.active(operands()[operand++]);
    for (const ValueId v : forward_.states) active[v] = pass_.active(operands()[operand++]);
    for (const auto& [from, to] : forward_.tape.captures()) active[to] = pass_.active(operands()[operand++]);
    for (std::size_t i = 0; i < forward_.outputs.size(); ++i)
      if (wanted_trajectory(i))
        active[forward_.states[forward_.outputs[i].state]] = active[forward_.outputs[i].value] = true;
    return body_dependence(forward_, std::move(active));
  }

  /// A new input of the backward step, fed with slices of `stacked`.
  Var slice_of(Var stacked) {
    const bool real = outer_.value(stacked.id()).kind == Kind::real;
    const Var v = real ? backward_->tape.input("", step_dims(stacked))
                       : backward_->tape.index_input("", step_dims(stacked));
    backward_->inputs.push_back(v.id());
    inputs_.push_back(stacked);
    return v;
  }

  /// A value of the forward step, in the backward step.
  Var import(ValueId value) {
    const ValueId v = first_[value];
    if (const auto found = imported_.find(v); found != imported_.end()) return found->second;
    const Var here = bring(v);
    imported_.emplace(v, here);
    return here;
  }

  Var bring(ValueId v) {
    const Node& producer = forward_.tape.producer(v);
    for (std::size_t i = 0; i < forward_.inputs.size(); ++i)
      if (forward_.inputs[i] == v) return slice_of(Var(outer_, operands()[i]));
    for (const auto& [from, to] : forward_.tape.captures())
      if (to == v) return backward_->tape.import(Var(outer_, from));
    if (producer.op == &step_index_op) return backward_->tape.step_index();
    if (producer.op->source() && producer.op != &input_op)
      return backward_->tape.record(*producer.op, {}, producer.attrs);
    if (steady_->holds(v)) return backward_->tape.import(steady_->outside(v));
    const bool again = cheap_again(producer) || outgrows_operands(producer) || few_of_input(producer);
    return again ? compute_again(producer) : slice_of(residual(v));
  }

  /// Arithmetic whose result has more elements than all that it is made of, as an outer product: to keep
  /// those and do it again takes less of memory than to keep the result.
  bool outgrows_operands(const Node& producer) const {
    if (!producer.op->cheap) return false;
    double operands = 0;  // elements of theirs for each of the result's
    for (const ValueId v : producer.inputs) {
      const auto times = quotient(elements_of(producer.outputs[0]), elements_of(v));
      if (!times || times->number() == 0) return false;
      operands += 1 / static_cast<double>(times->number());
    }
    return operands < 1;
  }

  /// A product of a few numbers of each sequence, which the step is given.
  bool few_of_input(const Node& producer) const {
    if (producer.op != &matmul_op() || producer.attrs.as<MatmulAttrs>().transpose_a) return false;
    const Dims& given = forward_.tape.value(producer.inputs[0]).dims;
    return given.size() == 2 && given[1].fixed() && given[1].number() <= few_columns &&
           std::ranges::find(forward_.inputs, producer.inputs[0]) != forward_.inputs.end();
  }

  /// Arithmetic on values that the backward step has, or will have anyway: to do it again costs less than to
  /// store and load its result.
  bool cheap_again(const Node& producer) const {
    return producer.op->cheap && std::all_of(producer.inputs.begin(), producer.inputs.end(), [&](ValueId v) {
             const Node& operand = forward_.tape.producer(v);
             const bool keeps_output = static_cast<int>(operand.op->keep) & static_cast<int>(Keep::output);
             return operand.op->source() ? !is_state(v) || imported_.contains(v)
                                         : imported_.contains(v) || (keeps_output && active_[v]);
           });
  }

  Dim elements_of(ValueId v) const { return numel(forward_.tape.value(v).dims); }

  bool is_state(ValueId v) const {
    return std::find(forward_.states.begin(), forward_.states.end(), v) != forward_.states.end();
  }

  Var compute_again(const Node& producer) {
    return record_again(producer, backward_->tape, [&](ValueId v) { return import(v); });
  }

  /// The forward step's value at every step: an output that is there already, or one more.
  Var residual(ValueId v) {
    for (std::size_t i = 0; i < forward_.outputs.size(); ++i) {
      const ScanBody::Output& out = forward_.outputs[i];
      if (out.value == v && (out.role == Role::stacked || out.role == Role::trajectory))
        return Var(outer_, result(i));
    }
    Dims dims{length_};
    const Dims& step = forward_.tape.value(v).dims;
    dims.insert(dims.end(), step.begin(), step.end());
    forward_.outputs.push_back({Role::stacked, v});
    return outer_.add_output(node_, std::move(dims), forward_.tape.value(v).kind);
  }

  /// Not a state that no step reads and whose final value nobody wants: nothing comes back to it.
  bool goes_back(const ReversePass& inner, std::size_t k) const {
    return inner.active(forward_.states[k]) && (initial_[k] || reads_state(forward_, k));
  }

  /// Starts the cotangents: of the state after the step, then of what the step put out.
  void seed(ReversePass& inner) {
    const std::size_t outputs = forward_.outputs.size();  // residuals come later and have no cotangent
    initial_.assign(forward_.states.size(), std::nullopt);
    for (std::size_t i = 0; i < outputs; ++i)
      if (forward_.outputs[i].role == Role::final) initial_[forward_.outputs[i].state] = cotangent_of(i);
    for (std::size_t k = 0; k < forward_.states.size(); ++k) {
      if (!goes_back(inner, k)) continue;
      const Dims& dims = forward_.tape.value(forward_.states[k]).dims;
      if (!initial_[k]) initial_[k] = outer_.zeros(dims);
      const Var state = backward_->tape.input("", dims);
      backward_->states.push_back(state.id());
      inner.contribute(forward_.next[k], state);
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      const ScanBody::Output out = forward_.outputs[i];
      const std::optional<Var> g = cotangent_of(i);
      if (!g || out.role == Role::final || !inner.active(out.value)) continue;
      inner.contribute(out.value, out.role == Role::summed ? backward_->tape.import(*g) : slice_of(*g));
    }
  }

  /// What an output of the backward scan is: a contribution to an operand of the forward scan, or to what its
  /// step computes from captures alone, or the answer to a trajectory.
  enum class Answers { operand, steady, trajectory };
  struct Emission {
    ScanBody::Output output;
    Dims dims;
    ValueId target;
    Answers answers = Answers::operand;
  };

  void plan_stacked(Var step_value, ValueId target, Answers answers = Answers::operand) {
    Dims dims{length_};
    dims.insert(dims.end(), step_value.dims().begin(), step_value.dims().end());
    emissions_.push_back({{Role::stacked, step_value.id()}, std::move(dims), target, answers});
  }

  /// Closes the backward step, records its scan and hands out what it computes.
  void emit(ReversePass& inner) {
    std::vector<Var> initial;
    for (std::size_t k = 0; k < forward_.states.size(); ++k) {
      if (!goes_back(inner, k)) continue;
      const std::optional<Var> g = inner.cotangent(forward_.states[k]);
      const Var next = g ? *g : backward_->tape.zeros(forward_.tape.value(forward_.states[k]).dims);
      backward_->next.push_back(next.id());
      if (pass_.active(initial_of(k)))
        emissions_.push_back(
            {{Role::final, next.id(), backward_->next.size() - 1}, next.dims(), initial_of(k)});
      initial.push_back(*initial_[k]);
    }
    for (std::size_t i = 0; i < forward_.inputs.size(); ++i)
      if (const auto g = inner.cotangent(forward_.inputs[i])) plan_stacked(*g, operands()[i]);
    std::size_t operand = forward_.inputs.size() + forward_.states.size();
    for (const auto& [from, to] : forward_.tape.captures()) {
      if (const auto g = inner.cotangent(to))
        emissions_.push_back({{Role::summed, g->id()}, g->dims(), operands()[operand]});
      ++operand;
    }
    for (ValueId v = 0; v < static_cast<ValueId>(active_.size()); ++v)
      if (const auto g = steady_->holds(v) ? inner.cotangent(v) : std::nullopt)
        emissions_.push_back({{Role::summed, g->id()}, g->dims(), v, Answers::steady});
    for (std::size_t i = 0; i < forward_.outputs.size(); ++i)
      if (wanted_trajectory(i))
        if (const auto g = inner.cotangent(forward_.outputs[i].value))
          plan_stacked(*g, result(i), Answers::trajectory);
    record(initial);
    reverse_steady_part();
  }

  void reverse_steady_part() {
    steady_->run();
    std::size_t operand = forward_.inputs.size() + forward_.states.size();
    for (const auto& [from, to] : forward_.tape.captures()) {
      if (const auto g = steady_->cotangent(to)) pass_.contribute(operands()[operand], *g);
      ++operand;
    }
  }

  /// Of trajectories whose last state is computed behind the scan: what comes back to it there.
  void add_last_of_trajectories() {
    for (std::size_t i = 0; i < forward_.outputs.size(); ++i) {
      const auto last = forward_.behind.find(forward_.outputs[i].state);
      if (!wanted_trajectory(i) || last == forward_.behind.end()) continue;
      const std::optional<Var> g = pass_.cotangent(last->second);
      if (!g) continue;
      Dims step{1};
      step.insert(step.end(), g->dims().begin(), g->dims().end());
      const Var whole = pad(reshape(*g, std::move(step)), 0, forward_attrs_.reverse ? 0 : -1, length_);
      std::optional<Var>& trajectory = pass_.trajectories[result(i)];
      trajectory = trajectory ? add(*trajectory, whole) : whole;
    }
  }

  void record(const std::vector<Var>& initial) {
    std::vector<Var> operands = inputs_;
    operands.insert(operands.end(), initial.begin(), initial.end());
    for (const auto& [from, to] : backward_->tape.captures()) operands.push_back(Var(outer_, from));
    backward_->tape.close();
    const NodeId node =
        outer_.record_many(scan_op, operands, ScanAttrs{length_, !forward_attrs_.reverse, backward_});
    for (const Emission& e : emissions_) {
      backward_->outputs.push_back(e.output);
      const Var v = outer_.add_output(node, e.dims);
      if (e.answers == Answers::operand) pass_.contribute(e.target, v);
      if (e.answers == Answers::steady) steady_->contribute(e.target, v);
      if (e.answers == Answers::trajectory) pass_.trajectories[e.target] = v;
    }
  }

  ReversePass& pass_;
  Tape& outer_;
  NodeId node_;
  const ScanAttrs forward_attrs_;
  ScanBody& forward_;
  Dim length_;
  std::shared_ptr<ScanBody> backward_;
  std::vector<Var> inputs_;                  ///< stacked operands of the backward scan
  std::vector<std::optional<Var>> initial_;  ///< cotangent of each final state
  std::vector<bool> active_;                 ///< values of the forward step whose cotangent is wanted
  std::vector<ValueId> first_;               ///< equal values of the forward step
  std::optional<SteadyPart> steady_;
  std::map<ValueId, Var> imported_;
  std::vector<Emission> emissions_;
};

}  // namespace

void reverse_scan(ReversePass& pass, NodeId node) { ScanReverser(pass, node).run(); }

}  // namespace unroll
