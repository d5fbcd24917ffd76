#include "models/check/step_probe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;

/// The first value that is not finite; nothing where all are.
std::optional<double> fault_in(const Tensor<double>& value) {
  for (const double x : value.span())
    if (!std::isfinite(x)) return x;
  return std::nullopt;
}

std::string name_of(double x) { return std::isnan(x) ? "NaN" : "infinite"; }

/// What of the operands makes it so.
std::string_view cause(const Term& t) {
  if (t.kind == Form::divide) return "a division by 0";
  if (t.kind == Form::power) return "a negative number to a power that is not whole, or 0 to one below 0";
  if (t.function && !t.function->pole.empty()) return t.function->pole;
  return "too large numbers";
}

}  // namespace

StepProbe::StepProbe(const EquationCell& cell, std::int64_t input_size)
    : inputs(tape, cell, input_size), cell_(cell) {
  const CellDefinition::Equation* equation = nullptr;
  EquationEvaluator::Hooks hooks;
  hooks.equation = [&](const CellDefinition::Equation& e) { equation = &e; };
  hooks.term = [&](const Term& t, const Quantity& q) {
    if (q.is_number()) return;
    recorded_.insert_or_assign(&t, q.var);
    if (t.kind == Form::name) named_.emplace(t.next ? t.name + "'" : t.name, q.var);
    parts.push_back({equation, &t, q.var});
  };
  hooks.gradient.declared = [&](Span at, Var value, Var of, Var slope) {
    declared.push_back({at, value, of, slope});
  };
  step = cell.step(inputs.p,
                   {.x = inputs.x,
                    .state = inputs.initial,
                    .noise = inputs.noise,
                    .context = inputs.context,
                    .feedback = inputs.feedback},
                   hooks);
}

std::vector<Var> StepProbe::operands_of(const Part& part) const {
  std::vector<Var> operands;
  for (const Term& operand : part.term->operands)
    if (const auto found = recorded_.find(&operand); found != recorded_.end())
      operands.push_back(found->second);
  return operands;
}

std::string StepProbe::described(const Part& part, std::string_view what,
                                 const std::map<Var, Tensor<double>>& values) const {
  const CellDefinition& cell = cell_.definition();
  std::vector<std::string> given;
  for (const Term& operand : part.term->operands)
    if (const auto found = recorded_.find(&operand); found != recorded_.end() && given.size() < 3) {
      const Tensor<double>& value = values.at(found->second);
      if (value.numel() > 0)
        given.push_back(fmt::format("{} is {:.4g}", cell.source.text(operand.at), value[0]));
    }
  return fmt::format("line {}: `{}`, in {}, {}: {} ({})", cell.source.line_of(part.term->at.begin),
                     cell.source.text(part.term->at), cell.text(*part.equation), what, cause(*part.term),
                     fmt::join(given, ", "));
}

std::string StepProbe::fault(const GradcheckPoint& point, bool derivatives) {
  std::vector<Var> all;
  for (const Part& part : parts) all.push_back(part.value);
  const std::vector<Tensor<double>> computed = values_at(tape, all, point);
  std::map<Var, Tensor<double>> values;
  for (std::size_t i = 0; i < all.size(); ++i) values.emplace(all[i], computed[i]);
  const auto bad = [&](const Var& v) { return fault_in(values.at(v)).has_value(); };
  for (const Part& part : parts)
    if (bad(part.value) && std::ranges::none_of(operands_of(part), bad))
      return described(part, "is " + name_of(*fault_in(values.at(part.value))), values);
  if (!derivatives) return "";
  Var loss = tape.zeros({});
  for (std::size_t k = 0; k < step.state.size(); ++k) loss = loss + sum(sin(step.state[k]));
  const std::vector<Var> slopes = gradients(loss, all);
  const std::vector<Tensor<double>> found = values_at(tape, slopes, point);
  std::map<Var, bool> infinite;
  for (std::size_t i = 0; i < all.size(); ++i) infinite[all[i]] = fault_in(found[i]).has_value();
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const std::vector<Var> operands = operands_of(*part);
    if (!infinite[part->value] && std::ranges::any_of(operands, [&](const Var& v) { return infinite[v]; }))
      return described(*part, "has a derivative that is not finite", values);
  }
  return "";
}

const StepProbe::Drawn& StepProbe::draw(std::uint64_t seed) {
  const auto [at, fresh] = drawn_.try_emplace(seed);
  if (!fresh) return at->second;
  at->second.point = inputs.draw(seed);
  std::vector<Var> all;
  for (const auto& [name, v] : named_) all.push_back(v);
  const std::vector<Tensor<double>> computed = values_at(tape, all, at->second.point);
  std::size_t i = 0;
  for (const auto& [name, v] : named_) at->second.named.emplace(name, computed[i++]);
  return at->second;
}

}  // namespace unroll
