#include "models/cell_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"
#include "models/language/equation_cell.hpp"
#include "models/unrolled_cell.hpp"

namespace unroll {
namespace {

using sizes::B;

constexpr Sizes small = {.time = 4, .batch = 2};
/// Redraws before a disagreement is believed: a kink is met by chance, a wrong derivative always.
constexpr int draws = 4;
/// Differences of a loss of order 1 carry rounding of about 1e-12.
constexpr double floor_of_differences = 1e-4;
constexpr double noise = 0.3;

/// Near where training begins, but nowhere exactly there: no zeros, no ties.
Tensor<double> near_start(const ParameterSpec& spec, Stream& stream) {
  InitialiserOptions options =
      spec.init.value_or(InitialiserOptions{.name = spec.shape.rank() == 2 ? "glorot" : "zeros"});
  if (find_derived_initialiser(options.name)) options.name = "zeros";
  Tensor<double> value = convert<double>(initialise(options, spec.shape, stream));
  for (double& x : value.span())
    x = std::clamp(x + noise * stream.normal(), spec.bounds.lower, spec.bounds.upper);
  return value;
}

/// Parameters, inputs and states of one draw.
GradcheckPoint draw_point(const Parameters& p, const std::vector<ParameterSpec>& specs,
                          const std::vector<Var>& others, std::uint64_t seed) {
  Stream stream(seed, Purpose::check, {7});
  GradcheckPoint point;
  for (const ParameterSpec& spec : specs) point.real[p[spec.name]] = near_start(spec, stream);
  for (const Var& v : others) {
    Tensor<double> value(resolve(v.dims(), small));
    for (double& x : value.span()) x = stream.normal();
    point.real[v] = std::move(value);
  }
  return point;
}

/// `output` against differences, redrawn while it disagrees.
CellCheck compare(std::string what, Var output, const std::vector<Var>& wrt,
                  const std::function<GradcheckPoint(std::uint64_t)>& draw, std::uint64_t seed,
                  GradcheckOptions options = {}) {
  CellCheck check{std::move(what)};
  options.sizes = small;
  options.floor = floor_of_differences;
  for (int k = 0; k < draws; ++k) {
    options.seed = seed + static_cast<std::uint64_t>(k);
    const GradcheckReport report = gradcheck(output, wrt, draw(options.seed), options);
    check.ok = report.ok();
    check.worst = report.worst();
    check.details = check.ok ? "" : report.to_text();
    if (check.ok) break;
  }
  return check;
}

// ---- one equation

/// The operands of an equation as inputs of a tape, made when they are first looked up.
class Operands {
 public:
  Operands(Tape& tape, const EquationCell& cell)
      : tape_(tape), cell_(cell), specs_(cell.parameters()), parameters_(tape, specs_) {}

  Quantity operator()(const std::string& name, bool next) {
    if (const auto number = cell_.constant(name); number && !next) return {*number};
    const CellDefinition& definition = cell_.definition();
    if (const auto* parameter = definition.find_parameter(name)) return {0, use(*parameter)};
    if (parameters_has(name)) return {0, used(parameters_[name])};
    const std::string shown = next ? name + "'" : name;
    const auto [at, fresh] = values_.try_emplace(shown);
    if (fresh) {
      at->second = tape_.input(shown, dims_of(name));
      wrt_.push_back(at->second);
    }
    return {0, at->second};
  }

  const std::vector<Var>& wrt() const { return wrt_; }
  GradcheckPoint draw(std::uint64_t seed) const {
    std::vector<Var> values;
    for (const auto& [name, v] : values_) values.push_back(v);
    return draw_point(parameters_, specs_, values, seed);
  }

 private:
  bool parameters_has(const std::string& name) const {
    return std::ranges::find(specs_, name, &ParameterSpec::name) != specs_.end();
  }
  Var used(Var v) {
    if (std::ranges::find(wrt_, v) == wrt_.end()) wrt_.push_back(v);
    return v;
  }
  Var use(const CellDefinition::Parameter& parameter) {
    used(parameters_[parameter.statement.name]);
    return cell_.parameter(parameters_, parameter);
  }
  Dims dims_of(const std::string& name) const {
    const CellDefinition& definition = cell_.definition();
    const auto* value = definition.find_equation(name, false);
    if (value && !definition.find_state(name) && !value->value.type.batched) {
      const Shape own = cell_.shape(value->value.type.shape);
      return Dims(own.begin(), own.end());
    }
    Shape shape;
    if (name == "x")
      shape = cell_.shape({Size::named("input")});
    else if (const auto* state = definition.find_state(name))
      shape = cell_.shape(state->shape);
    else if (const auto* equation = definition.find_equation(name, false)) {
      shape = cell_.shape(equation->value.type.shape);
      if (!equation->value.type.batched) return Dims(shape.begin(), shape.end());  // of parameters alone
    }
    if (shape.rank() == 0) shape.push_back(1);  // a number of a batch
    return StateSpec{name, shape}.dims(B);
  }

  Tape& tape_;
  const EquationCell& cell_;
  std::vector<ParameterSpec> specs_;
  Parameters parameters_;
  std::map<std::string, Var> values_;
  std::vector<Var> wrt_;
};

CellCheck check_equation(const EquationCell& cell, const CellDefinition::Equation& equation,
                         std::uint64_t seed) {
  Tape tape;
  const Var any = tape.zeros({});
  Operands operands(tape, cell);
  const Evaluator evaluate(cell.definition(), cell.activation(), any,
                           [&](const std::string& name, bool next) { return operands(name, next); });
  const Var value = evaluate.var(evaluate(equation.value));
  const std::string what = cell.definition().text(equation);
  if (operands.wrt().empty()) return {what};
  return compare(what, value, operands.wrt(), [&](std::uint64_t s) { return operands.draw(s); }, seed,
                 {.jacobian_elements = 200, .projections = 2});
}

// ---- the whole cell

/// The cell over T steps, and one number that depends on all its states.
struct Unrolled : UnrolledCell {
  Unrolled(const Cell& cell, std::int64_t input_size) : UnrolledCell(cell, input_size) {
    for (const Var& h : scanned.state_trajectory) {
      const Var part = sum(sin(h));
      value = value.valid() ? value + part : part;
    }
    others = initial;
    others.push_back(x);
    wrt = p.all();
    wrt.insert(wrt.end(), others.begin(), others.end());
  }

  GradcheckPoint draw(std::uint64_t seed) const { return draw_point(p, specs, others, seed); }

  Var value;
  std::vector<Var> others, wrt;
};

CellCheck check_first(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  Unrolled net(cell, input_size);
  return compare(
      "the whole cell over 4 steps", net.value, net.wrt, [&](std::uint64_t s) { return net.draw(s); }, seed);
}

/// Σ over all variables of (dvalue/dv) · a fixed random direction.
Var directional(Unrolled& net, std::uint64_t seed) {
  Stream stream(seed, Purpose::check, {8});
  Var sum_of = net.tape.zeros({});
  for (const Var& g : gradients(net.value, net.p.all())) {
    Tensor<double> direction(resolve(g.dims(), small));
    for (double& x : direction.span()) x = stream.normal();
    sum_of = sum_of + sum(g * net.tape.constant(direction));
  }
  return sum_of;
}

CellCheck check_second(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  Unrolled net(cell, input_size);
  const Var product = directional(net, seed);
  return compare("second derivatives", product, net.p.all(), [&](std::uint64_t s) { return net.draw(s); },
                 seed, {.jacobian_elements = 0, .projections = 4});
}

/// Runs a plan of `outputs` at a point.
std::vector<Tensor<double>> values_at(const Tape& tape, const std::vector<Var>& outputs,
                                      const GradcheckPoint& point, const PlanOptions& options = {}) {
  Plan<double> plan(tape, outputs, options);
  for (const auto& [v, value] : point.real) plan.bind(v, value);
  plan.run();
  std::vector<Tensor<double>> values;
  for (const Var& v : outputs) values.push_back(plan.tensor(v));
  return values;
}

double largest_difference(const std::vector<Tensor<double>>& a, const std::vector<Tensor<double>>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double scale = 1e-3, gap = 0;
    for (std::int64_t j = 0; j < a[i].numel(); ++j) {
      scale = std::max(scale, std::abs(b[i][j]));
      gap = std::max(gap, std::isfinite(a[i][j]) ? std::abs(a[i][j] - b[i][j]) : 1e300);
    }
    worst = std::max(worst, gap / scale);
  }
  return worst;
}

CellCheck agreement(std::string what, double worst, double limit) {
  CellCheck check{std::move(what), worst <= limit, worst};
  if (!check.ok) check.details = fmt::format("differs by {:.2g}, more than {:.0g}", worst, limit);
  return check;
}

/// u (J v), where J v is the derivative of the reverse pass J^T u with respect to u, along v.
CellCheck check_forward_product(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  Unrolled net(cell, input_size);
  const Var u = net.tape.input("u", {});
  const std::vector<Var> pulled = gradients(net.value * u, net.p.all());
  Stream stream(seed, Purpose::check, {9});
  Var along = net.tape.zeros({});
  for (const Var& g : pulled) {
    Tensor<double> v(resolve(g.dims(), small));
    for (double& x : v.span()) x = stream.normal();
    along = along + sum(g * net.tape.constant(v));
  }
  const Var pushed = gradients(along, {u})[0];
  GradcheckPoint point = net.draw(seed);
  point.real[u] = Tensor<double>(Shape{}, 0.7);
  const auto both = values_at(net.tape, {along, pushed * u}, point);
  return agreement("forward product u (J v) = (J^T u) v", largest_difference({both[0]}, {both[1]}), 1e-10);
}

CellCheck check_planner(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  Unrolled net(cell, input_size);
  std::vector<Var> outputs = gradients(net.value, net.wrt);
  outputs.push_back(net.value);
  const GradcheckPoint point = net.draw(seed);
  const PlanOptions plain = PlanOptions::as_recorded();
  return agreement(
      "the planner's passes change nothing",
      largest_difference(values_at(net.tape, outputs, point), values_at(net.tape, outputs, point, plain)),
      1e-10);
}

/// Central differences visit every element of every parameter; a size that is none of hidden and input stays.
void refuse_huge(const Cell& cell) {
  constexpr std::int64_t most = 10'000'000;
  for (const ParameterSpec& spec : cell.parameters())
    if (spec.shape.numel() > most)
      throw std::invalid_argument(
          fmt::format("the parameter {} is {}, too large to be checked: more than {} "
                      "elements (make its size follow from hidden, or a constant)",
                      spec.name, to_string(spec.shape), most));
}

}  // namespace

std::vector<CellCheck> check_cell(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  refuse_huge(cell);
  std::vector<CellCheck> checks;
  const auto* equations = dynamic_cast<const EquationCell*>(&cell);
  if (equations && !equations->definition().reads_input)
    return {{"the input", false, 0,
             "no state depends on x: nothing can be learned, or tell how many steps there are"}};
  if (equations)
    for (const CellDefinition::Equation& e : equations->definition().equations)
      checks.push_back(check_equation(*equations, e, seed));
  checks.push_back(check_first(cell, input_size, seed));
  checks.push_back(check_second(cell, input_size, seed));
  checks.push_back(check_forward_product(cell, input_size, seed));
  checks.push_back(check_planner(cell, input_size, seed));
  return checks;
}

bool all_ok(const std::vector<CellCheck>& checks) { return std::ranges::all_of(checks, &CellCheck::ok); }

std::string to_text(const std::vector<CellCheck>& checks, std::string_view cell) {
  if (all_ok(checks)) return fmt::format("{}: {} checks agree\n", cell, checks.size());
  std::string text;
  for (const CellCheck& check : checks)
    if (!check.ok) text += fmt::format("{}: {}\n{}\n", cell, check.what, check.details);
  return text;
}

}  // namespace unroll
