#include <fmt/format.h>

#include <map>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {
namespace {

/// The equations of a step, recorded one after the other.
class StepRecorder {
 public:
  StepRecorder(const EquationCell& cell, const Parameters& p, const StepInputs& in,
               const EquationEvaluator::Hooks& hooks)
      : cell_(cell),
        parameters_(p),
        tape_(in.x.tape()),
        rows_(in.x.dims()[0]),
        evaluate_(
            cell, tape_,
            [this](const std::string& name, bool next, const Type&) { return look_up(name, next); }, hooks),
        equation_begins_(hooks.equation) {
    define("x", in.x);
    const auto& states = cell.definition().states;
    for (std::size_t i = 0; i < states.size(); ++i) define(states[i].name, in.state[i]);
    if (cell.context_size() > 0) define(cell.definition().context, in.context);
    if (cell.feedback_size() > 0) define(cell.definition().feedback, in.feedback);
    if (cell.definition().counts_steps) count(in.state.back());
    if (!cell.definition().noisy) return;
    const Var none = tape_.zeros({rows_, cell.noise_size()});
    const Var noise = in.noise.valid() ? in.noise : none;
    define("noise", noise);
    define("training_noise", in.training ? noise : none);
  }

  CellStep record() {
    const CellDefinition& cell = cell_.definition();
    auto block = cell.repeats.begin();
    for (std::size_t i = 0; i < cell.equations.size(); ++i) {
      if (block == cell.repeats.end() || block->begin != i) {
        equation(cell.equations[i]);
        continue;
      }
      repeat(*block);
      i = block->end - 1;
      ++block;
    }
    for (const CellDefinition::State& s : cell.states) result_.state.push_back(known_.at({s.name, true}).var);
    if (count_.valid()) result_.state.push_back(count_ + 1.0);
    return std::move(result_);
  }

 private:
  void define(const std::string& name, Var v) { known_[{name, false}] = {0, v}; }

  void count(Var steps) {
    count_ = steps;
    define("step", steps);
    define("first", equal(steps, tape_.fill(0, {})));
  }

  Quantity look_up(const std::string& name, bool next) {
    if (const auto found = known_.find({name, next}); found != known_.end()) return found->second;
    if (const auto number = cell_.known(tape_, name)) return known_[{name, next}] = *number;
    const CellDefinition::Parameter* parameter = cell_.definition().find_parameter(name);
    const Quantity q{0, parameter ? cell_.parameter(parameters_, *parameter) : parameters_[name]};
    return known_[{name, next}] = q;
  }

  /// (rows, shape...); a number of a batch is (rows, 1).
  Var batched(const Quantity& value, const std::vector<Size>& sizes) const {
    const Shape shape = sizes.empty() ? Shape{1} : cell_.shape(sizes);
    return unroll::batched(evaluate_.var(value), StateSpec{"", shape}.dims(rows_));
  }

  void equation(const CellDefinition::Equation& e) {
    if (!e.next && e.value.type.constant && cell_.is_known(e.name)) return;
    if (equation_begins_) equation_begins_(e);
    const Quantity value = evaluate_(e.value);
    if (e.next) {
      known_[{e.name, true}] = {0, batched(value, cell_.definition().find_state(e.name)->shape)};
      return;
    }
    known_[{e.name, false}] = value;
    const bool shown = e.value.type.rank() > 0 || e.value.type.batched;
    if (shown) result_.values.insert_or_assign(e.name, batched(value, e.value.type.shape));
  }

  void repeat(const CellDefinition::Repeat& r) {
    for (const std::string& name : r.carried) {
      Quantity& value = known_.at({name, false});
      value = {0, batched(value, cell_.definition().find_equation(name, false)->value.type.shape)};
    }
    for (std::int64_t round = cell_.rounds(r); round > 0; --round)
      for (std::size_t i = r.begin; i < r.end; ++i) equation(cell_.definition().equations[i]);
  }

  const EquationCell& cell_;
  const Parameters& parameters_;
  Tape& tape_;
  Dim rows_;
  std::map<std::pair<std::string, bool>, Quantity> known_;
  EquationEvaluator evaluate_;
  const std::function<void(const CellDefinition::Equation&)>& equation_begins_;
  Var count_ = {};
  CellStep result_;
};

/// What a step reads beside x, (rows, size); a size of 0: it reads none.
void check_given(const std::string& cell, const std::string& name, Var given, const Dims& expected,
                 std::string_view field) {
  if (name.empty() || (given.valid() && given.dims() == expected)) return;
  throw ShapeError(
      fmt::format("[{}] the step reads {}, {} numbers for each sequence, but {} is {}", cell, name,
                  to_string(expected[1]), field,
                  given.valid() ? to_string(given.dims()) + ", not " + to_string(expected) : "not given"));
}

}  // namespace

CellStep EquationCell::step(const Parameters& p, const StepInputs& in,
                            const EquationEvaluator::Hooks& hooks) const {
  const Dim rows = in.x.dims()[0];
  const CellDefinition& cell = definition();
  check_given(cell.name, cell.context, in.context, {rows, context_size()}, "StepInputs::context");
  check_given(cell.name, cell.feedback, in.feedback, {rows, feedback_size()}, "StepInputs::feedback");
  return StepRecorder(*this, p, in, hooks).record();
}

}  // namespace unroll
