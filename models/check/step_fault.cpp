#include "models/check/step_fault.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"

namespace unroll {
namespace {

bool is_bad(std::span<const float> values) {
  return !std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
}

/// A step on a tape of its own, with every term that its equations go through.
class RecordedStep {
 public:
  RecordedStep(const EquationCell& cell, const StepAt& at)
      : cell_(cell), at_(at), specs_(cell.parameters()), p_(tape_, specs_) {
    x_ = tape_.input("x", dims_of(at.x));
    if (cell.context_size() > 0) context_ = tape_.input("context", dims_of(at.context));
    if (cell.feedback_size() > 0) feedback_ = tape_.input("feedback", dims_of(at.feedback));
    for (const Tensor<float>& state : at.before) before_.push_back(tape_.input("state", dims_of(state)));
    for (const Tensor<float>& e : at.e) e_.push_back(tape_.input("gradient", dims_of(e)));
    record();
  }

  std::optional<StepFault> forward() {
    compute(all_values());
    for (const Part& part : parts_) {
      const std::vector<Var> operands = operands_of(part);
      if (bad(part.value) && std::ranges::none_of(operands, [&](Var v) { return bad(v); }))
        return fault(part, false);
    }
    return std::nullopt;
  }

  /// The parts are looked at alone, each with the gradient that reaches it: what several parts name may have
  /// its gradient spoilt by any of them.
  std::optional<StepFault> backward() {
    const std::vector<Var> slopes = slopes_of_parts();
    std::vector<std::vector<Var>> handed(parts_.size());
    std::vector<Var> wanted = all_values();
    wanted.insert(wanted.end(), slopes.begin(), slopes.end());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::vector<Var> operands = operands_of(parts_[i]);
      if (operands.empty()) continue;
      handed[i] = gradients(parts_[i].value, operands, slopes[i]);
      wanted.insert(wanted.end(), handed[i].begin(), handed[i].end());
    }
    compute(wanted);
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (!bad(slopes[i]) && std::ranges::any_of(handed[i], [&](Var v) { return bad(v); }))
        return fault(parts_[i], true);
    return std::nullopt;
  }

 private:
  struct Part {
    const CellDefinition::Equation* equation;
    const Term* term;
    Var value;
  };

  static Dims dims_of(const Tensor<float>& value) {
    const Shape& shape = value.shape();
    return Dims(shape.begin(), shape.end());
  }

  void record() {
    const CellDefinition::Equation* equation = nullptr;
    EquationEvaluator::Hooks hooks;
    hooks.equation = [&](const CellDefinition::Equation& e) { equation = &e; };
    hooks.term = [&](const Term& term, const Quantity& q) {
      if (q.is_number()) return;
      recorded_.insert_or_assign(&term, q.var);
      if (term.kind == Expression::Kind::name) named_.insert_or_assign(shown(term), q.var);
      parts_.push_back({equation, &term, q.var});
    };
    StepInputs in{.x = x_, .state = before_, .context = context_, .feedback = feedback_};
    if (cell_.noise_size() > 0) in.noise = tape_.zeros({dims_of(at_.x)[0], cell_.noise_size()});
    step_ = cell_.step(p_, in, hooks);
  }

  static std::string shown(const Term& name) { return name.next ? name.name + "'" : name.name; }

  std::vector<Var> operands_of(const Part& part) const {
    std::vector<Var> operands;
    const auto add = [&](Var v) {
      if (v != part.value && std::ranges::find(operands, v) == operands.end()) operands.push_back(v);
    };
    for (const Term& operand : part.term->operands) {
      if (const auto found = recorded_.find(&operand); found != recorded_.end()) add(found->second);
      // A matrix on the left of a product is no term with a value of its own.
      else if (const Var* v = parameter(operand.name))
        add(*v);
    }
    return operands;
  }

  const Var* parameter(const std::string& name) const {
    const auto spec = std::ranges::find(specs_, name, &ParameterSpec::name);
    return spec == specs_.end() ? nullptr : &p_.all()[static_cast<std::size_t>(spec - specs_.begin())];
  }

  /// Of each part: d(sum of e times the states after the step).
  std::vector<Var> slopes_of_parts() {
    Var loss = tape_.zeros({});
    for (std::size_t k = 0; k < e_.size(); ++k) loss = loss + sum(step_.state[k] * e_[k]);
    std::vector<Var> values;
    for (const Part& part : parts_) values.push_back(part.value);
    return gradients(loss, values);
  }

  std::vector<Var> all_values() const {
    std::vector<Var> all = p_.all();
    for (const Part& part : parts_) all.push_back(part.value);
    return all;
  }

  void compute(std::vector<Var> wanted) {
    std::ranges::sort(wanted, {}, &Var::id);
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    Plan<float> plan(tape_, wanted);
    for (std::size_t i = 0; i < specs_.size(); ++i) plan.bind(p_.all()[i], at_.parameters[i]);
    plan.bind(x_, at_.x);
    if (context_.valid()) plan.bind(context_, at_.context);
    if (feedback_.valid()) plan.bind(feedback_, at_.feedback);
    for (std::size_t k = 0; k < before_.size(); ++k) plan.bind(before_[k], at_.before[k]);
    for (std::size_t k = 0; k < e_.size(); ++k) plan.bind(e_[k], at_.e[k]);
    plan.run();
    values_.clear();
    for (const Var& v : wanted) {
      const auto value = plan.value(v);
      values_[v].assign(value.begin(), value.end());
    }
  }

  bool bad(Var v) const { return is_bad(values_.at(v)); }

  StepFault fault(const Part& part, bool backward) const {
    StepFault fault{.equation = cell_.definition().text(*part.equation),
                    .part = std::string(cell_.definition().source.text(part.term->at)),
                    .backward = backward,
                    .operands = {}};
    add_operands(part.equation->value, fault.operands);
    return fault;
  }

  void add_operands(const Term& term, std::vector<StepFault::Operand>& to) const {
    if (!term.name.empty() && term.kind != Expression::Kind::call) add_operand(shown(term), to);
    for (const Term& operand : term.operands) add_operands(operand, to);
  }

  void add_operand(const std::string& name, std::vector<StepFault::Operand>& to) const {
    if (std::ranges::find(to, name, &StepFault::Operand::name) != to.end()) return;
    const Var* v = parameter(name);
    if (const auto known = named_.find(name); known != named_.end()) v = &known->second;
    const auto value = v ? values_.find(*v) : values_.end();
    if (value == values_.end() || value->second.empty()) return;
    const auto [low, high] = std::ranges::minmax(value->second);
    to.push_back({name, static_cast<double>(low), static_cast<double>(high)});
  }

  const EquationCell& cell_;
  const StepAt& at_;
  Tape tape_;
  std::vector<ParameterSpec> specs_;
  Parameters p_;
  Var x_, context_, feedback_;
  std::vector<Var> before_, e_;
  CellStep step_;
  std::vector<Part> parts_;
  std::map<const Term*, Var> recorded_;
  std::map<std::string, Var> named_;
  std::map<Var, std::vector<float>> values_;
};

}  // namespace

std::string StepFault::text() const {
  std::vector<std::string> ranges;
  for (const Operand& operand : operands)
    ranges.push_back(operand.low == operand.high ? fmt::format("{} is {:.6g}", operand.name, operand.low)
                                                 : fmt::format("{} is from {:.6g} to {:.6g}", operand.name,
                                                               operand.low, operand.high));
  return fmt::format("{}`{}` in the equation {}{}{}", backward ? "the derivative of " : "", part, equation,
                     ranges.empty() ? "" : ", where ", fmt::join(ranges, ", "));
}

std::optional<StepFault> find_step_fault(const EquationCell& cell, const StepAt& at) {
  RecordedStep step(cell, at);
  return at.e.empty() ? step.forward() : step.backward();
}

}  // namespace unroll
