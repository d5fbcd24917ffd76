#include <fmt/format.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/check/checks.hpp"
#include "models/check/step_probe.hpp"

namespace unroll {
namespace {

using sizes::B;

/// An equation on a tape of its own. What it names are inputs; what its gradient takes for constants are
/// inputs, too, where they are `frozen`.
class LoneEquation {
 public:
  LoneEquation(const EquationCell& cell, const CellDefinition::Equation& equation)
      : cell_(cell), specs_(cell.parameters()), parameters_(tape, specs_) {
    result = record(equation, [](Var v) { return stop_gradient(v); });
    frozen = record(equation, [this](Var v) {
      constants_.push_back(v);
      frozen_.push_back(tape.input("constant", v.dims()));
      return frozen_.back();
    });
    if (constants_.empty()) frozen = result;
  }

  const std::vector<Var>& wrt() const { return wrt_; }
  bool declares() const { return !constants_.empty(); }

  /// At the values that the names have in the cell at a point of it.
  GradcheckPoint draw(StepProbe& probe, std::uint64_t seed) const {
    const StepProbe::Drawn& whole = probe.draw(seed);
    GradcheckPoint point;
    for (const ParameterSpec& spec : specs_)
      point.real[parameters_[spec.name]] = whole.point.real.at(probe.inputs.p[spec.name]);
    for (const auto& [name, v] : values_)
      point.real[v] = Tensor<double>(resolve(v.dims(), check_sizes), whole.named.at(name).span());
    // Each may depend on those before it.
    for (std::size_t k = 0; k < frozen_.size(); ++k) {
      for (std::size_t l = k; l < frozen_.size(); ++l)
        point.real[frozen_[l]] = Tensor<double>(resolve(frozen_[l].dims(), check_sizes));
      point.real[frozen_[k]] = values_at(tape, {constants_[k]}, point)[0];
    }
    return point;
  }

  Tape tape;
  Var result, frozen;

 private:
  Var record(const CellDefinition::Equation& equation, std::function<Var(Var)> stop) {
    EquationEvaluator::Hooks hooks;
    hooks.gradient.stop = std::move(stop);
    EquationEvaluator evaluate(
        cell_, tape,
        [this](const std::string& name, bool next, const Type& type) { return operand(name, next, type); },
        hooks);
    return evaluate.var(evaluate(equation.value));
  }

  Quantity operand(const std::string& name, bool next, const Type& type) {
    if (const auto known = cell_.known(tape, name); known && !next) return *known;
    if (const auto* parameter = cell_.definition().find_parameter(name); parameter && !next) {
      if (type.only_product || has_parameter(name)) used(parameters_[name]);
      return {0, cell_.parameter(parameters_, *parameter)};
    }
    if (has_parameter(name)) return {0, used(parameters_[name])};
    const std::string shown = next ? name + "'" : name;
    const auto [at, fresh] = values_.try_emplace(shown);
    if (fresh) {
      at->second = tape.input(shown, dims_of(type));
      if (!counts(name)) wrt_.push_back(at->second);
    }
    return {0, at->second};
  }

  /// What steps are given that jumps from one to the next.
  bool counts(const std::string& name) const {
    return cell_.definition().counts_steps && (name == "step" || name == "first");
  }
  bool has_parameter(const std::string& name) const {
    return std::ranges::find(specs_, name, &ParameterSpec::name) != specs_.end();
  }
  Var used(Var v) {
    if (std::ranges::find(wrt_, v) == wrt_.end()) wrt_.push_back(v);
    return v;
  }
  /// A number of a batch is (B, 1).
  Dims dims_of(const Type& type) const {
    Shape shape = cell_.shape(type.shape);
    if (!type.batched) return Dims(shape.begin(), shape.end());
    if (shape.rank() == 0) shape.push_back(1);
    return StateSpec{"", shape}.dims(B);
  }

  const EquationCell& cell_;
  std::vector<ParameterSpec> specs_;
  Parameters parameters_;
  std::map<std::string, Var> values_;
  std::vector<Var> wrt_, constants_, frozen_;
};

/// The gradient that training uses is that of the equation with its constants held.
CellCheck check_declaration(LoneEquation& lone, StepProbe& probe, const std::string& what,
                            std::uint64_t seed) {
  const GradcheckPoint point = lone.draw(probe, seed);
  std::vector<Var> both = gradients(sum(sin(lone.result)), lone.wrt());
  const std::size_t n = both.size();
  for (const Var& g : gradients(sum(sin(lone.frozen)), lone.wrt())) both.push_back(g);
  const std::vector<Tensor<double>> found = values_at(lone.tape, both, point);
  return agreement("the declared gradient of " + what, {found.begin(), found.begin() + n},
                   {found.begin() + n, found.end()}, 1e-10);
}

std::vector<CellCheck> check_equation(const EquationCell& cell, const CellDefinition::Equation& equation,
                                      StepProbe& probe, std::uint64_t seed) {
  LoneEquation lone(cell, equation);
  const std::string what = cell.definition().text(equation);
  if (lone.wrt().empty()) return {{what}};
  std::vector<CellCheck> checks = {compare(what, lone.frozen, lone.wrt(),
                                           [&](std::uint64_t s) { return lone.draw(probe, s); }, seed,
                                           {.jacobian_elements = 200, .projections = 2})};
  if (lone.declares()) checks.push_back(check_declaration(lone, probe, what, seed));
  return checks;
}

/// What `surrogate` was told to be a derivative, against the derivative.
CellCheck check_slope(StepProbe& probe, const StepProbe::Declared& declared, const EquationCell& cell,
                      std::uint64_t seed) {
  const Var slope = gradients(sum(declared.value), {declared.of})[0];
  const std::vector<Tensor<double>> both = values_at(
      probe.tape,
      {broadcast_to(declared.slope, declared.value.dims()), broadcast_to(slope, declared.value.dims())},
      probe.inputs.draw(seed));
  CellCheck check =
      agreement(fmt::format("the declared derivative of {}", cell.definition().source.text(declared.at)),
                {both[0]}, {both[1]}, 1e-6);
  if (!check.ok)
    check.details +=
        fmt::format("; at the first element {:.6g} is declared, but it is {:.6g}", both[0][0], both[1][0]);
  return check;
}

}  // namespace

CellCheck check_finite(const EquationCell& cell, std::int64_t input_size, std::uint64_t seed) {
  StepProbe probe(cell, input_size);
  const std::string first = probe.fault(probe.inputs.start(seed), true);
  if (!first.empty()) return {"the first step", false, 0, first};
  const std::string near = probe.fault(probe.inputs.draw(seed), false);
  return {"a step near the start", near.empty(), 0, near};
}

std::vector<CellCheck> check_equations(const EquationCell& cell, std::int64_t input_size,
                                       std::uint64_t seed) {
  StepProbe probe(cell, input_size);
  std::vector<CellCheck> checks;
  for (const CellDefinition::Equation& e : cell.definition().equations)
    for (CellCheck& check : check_equation(cell, e, probe, seed)) checks.push_back(std::move(check));
  for (std::size_t i = 0; i < probe.declared.size(); ++i)
    checks.push_back(check_slope(probe, probe.declared[i], cell, seed));
  return checks;
}

}  // namespace unroll
