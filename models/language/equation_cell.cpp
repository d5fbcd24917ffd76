#include "models/language/equation_cell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Structure = ParameterStatement::Structure;

bool is_vector_of_weights(std::string_view name) { return name.starts_with("w_"); }

}  // namespace

EquationCell::EquationCell(std::shared_ptr<const CellDefinition> definition, const CellOptions& options)
    : definition_(std::move(definition)), activation_(unroll::activation(options.activation)) {
  numbers_ = {{"hidden", static_cast<double>(options.hidden_size)},
              {"input", static_cast<double>(options.input_size)}};
  read_constants(options);
  make_states();
  make_parameters();
}

void EquationCell::read_constants(const CellOptions& options) {
  std::vector<std::string> known;
  for (const CellDefinition::Constant& c : definition_->constants) {
    const auto given = options.constants.find(c.name);
    numbers_[c.name] = given == options.constants.end() ? number(c.value) : given->second;
    known.push_back(c.name);
  }
  for (const auto& [name, value] : options.constants)
    if (!definition_->has_constant(name))
      throw std::invalid_argument(
          known.empty() ? fmt::format("the cell {} has no constants, so no {}", definition_->name, name)
                        : fmt::format("the cell {} has no constant {}{}; it has {}", definition_->name, name,
                                      did_you_mean(name, known), fmt::join(known, ", ")));
}

std::optional<double> EquationCell::constant(std::string_view name) const {
  const auto found = numbers_.find(name);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

double EquationCell::number(const Expression& e) const {
  const double value =
      constant_value(e, definition_->source, [this](std::string_view name) { return constant(name); });
  if (std::isfinite(value)) return value;
  throw EquationError(definition_->source, e.at, fmt::format("this number is {}", value));
}

Shape EquationCell::shape(const std::vector<Size>& sizes) const {
  Shape shape;
  for (const Size& size : sizes) {
    double extent = static_cast<double>(size.number);
    for (const auto& [name, factor] : size.terms) extent += numbers_.at(name) * static_cast<double>(factor);
    if (!(extent >= 1 && extent <= 1e6 && extent == std::floor(extent)))
      throw std::invalid_argument(
          fmt::format("the cell {} would have a value of the size {}; sizes are whole numbers from 1 to "
                      "1000000 (is a constant that stands for a size something else?)",
                      definition_->name, extent));
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  return shape;
}

void EquationCell::make_states() {
  for (const CellDefinition::State& s : definition_->states)
    states_.push_back({s.name, shape(s.shape), s.start ? number(*s.start) : 0, s.learned});
}

void EquationCell::make_parameters() {
  for (const CellDefinition::Parameter& p : definition_->parameters) add_parameter(p);
}

void EquationCell::add_parameter(const CellDefinition::Parameter& p) {
  const ParameterSpec whole = spec(p);
  if (p.statement.structure != Structure::low_rank) return parameters_.push_back(whole);
  const double rank = number(*p.statement.rank);
  const std::int64_t most = std::min(whole.shape[0], whole.shape[1]);
  if (rank != std::floor(rank) || rank < 1 || rank > static_cast<double>(most))
    throw EquationError(
        definition_->source, p.statement.rank->at,
        fmt::format("the rank of {} is a whole number from 1 to {}, not {}", p.statement.name, most, rank));
  const auto inner = static_cast<std::int64_t>(rank);
  ParameterSpec left = whole, right = whole;
  left.name = left_factor(p.statement.name);
  left.shape = {whole.shape[0], inner};
  right.name = right_factor(p.statement.name);
  right.shape = {inner, whole.shape[1]};
  left.role = right.role = Role::input_matrix;
  parameters_.push_back(left);
  parameters_.push_back(right);
}

ParameterSpec EquationCell::spec(const CellDefinition::Parameter& p) const {
  const ParameterStatement& s = p.statement;
  ParameterSpec spec{s.name, shape(p.shape), Role::bias};
  const bool square = p.shape.size() == 2 && p.shape[0] == p.shape[1];
  if (p.shape.size() == 2)
    spec.role = square && p.applied_to_state ? Role::recurrent_matrix : Role::input_matrix;
  if (s.structure == Structure::diagonal) spec.shape = {spec.shape[0]};
  const double last = spec.shape.rank() == 0 ? 1 : static_cast<double>(spec.shape.back());
  // No bias, and no matrix that glorot could be asked for: as PyTorch starts its recurrent layers.
  if (is_vector_of_weights(s.name) || s.structure == Structure::diagonal)
    spec.init = InitialiserOptions{.name = "uniform", .scale = 1 / std::sqrt(last)};
  if (s.init) spec.init = init(*s.init);
  if (!s.bounds.empty()) spec.bounds = {number(s.bounds[0]), number(s.bounds[1])};
  if (spec.bounds.lower > spec.bounds.upper)
    throw EquationError(
        definition_->source, s.bounds[0].at,
        fmt::format("the bounds of {} are empty: [{}, {}]", s.name, spec.bounds.lower, spec.bounds.upper));
  spec.trained = !s.fixed;
  if (s.init) check_start(spec, *s.init);
  return spec;
}

/// Whether the initialiser makes such a shape, tried on a small one of the same kind where it is a
/// matrix.
void EquationCell::check_start(const ParameterSpec& spec, const InitCall& call) const {
  if (!spec.init->of.empty()) return;
  const bool square = spec.shape.rank() == 2 && spec.shape[0] == spec.shape[1];
  Shape small;
  for (std::size_t i = 0; i < spec.shape.rank(); ++i)
    small.push_back(spec.shape.rank() < 2 ? spec.shape[i] : square || i == 0 ? 2 : 3);
  Stream stream(0, Purpose::check);
  try {
    initialise(*spec.init, small, stream);
  } catch (const std::invalid_argument& error) {
    throw EquationError(definition_->source, call.at,
                        fmt::format("{} is {}: {}", spec.name, to_string(spec.shape), error.what()));
  }
}

InitialiserOptions EquationCell::init(const InitCall& call) const {
  if (find_derived_initialiser(call.name)) return {.name = call.name, .of = call.arguments[0].name};
  std::vector<double> arguments;
  for (const Expression& e : call.arguments) arguments.push_back(number(e));
  try {
    return initialiser_options(call.name, arguments);
  } catch (const std::invalid_argument& error) {
    throw EquationError(definition_->source, call.at, error.what());
  }
}

Var EquationCell::parameter(const Parameters& p, const CellDefinition::Parameter& parameter) const {
  const Var stored = p[parameter.statement.name];
  switch (parameter.statement.structure) {
    case Structure::skew:
      return stored - transpose(stored);
    case Structure::orthogonal:
      return cayley(stored - transpose(stored));
    default:
      return stored;
  }
}

CellStep EquationCell::step(const Parameters& p, Var x, const std::vector<Var>& state) const {
  std::map<std::pair<std::string, bool>, Quantity> known;
  known[{"x", false}] = {0, x};
  for (const auto& [name, value] : numbers_) known[{name, false}] = {value};
  for (std::size_t i = 0; i < states_.size(); ++i) known[{states_[i].name, false}] = {0, state[i]};
  const Evaluator evaluate(*definition_, activation_, state[0], [&](const std::string& name, bool next) {
    if (const auto found = known.find({name, next}); found != known.end()) return found->second;
    const CellDefinition::Parameter* parameter = definition_->find_parameter(name);
    const Quantity q{0, parameter ? this->parameter(p, *parameter) : p[name]};
    return known[{name, next}] = q;
  });
  CellStep result;
  for (const CellDefinition::Equation& e : definition_->equations) {
    const Quantity value = evaluate(e.value);
    if (e.next) {
      const Shape own = shape(definition_->find_state(e.name)->shape);
      known[{e.name, true}] = {0, batched(evaluate.var(value), StateSpec{"", own}.dims(x.dims()[0]))};
      continue;
    }
    known[{e.name, false}] = value;
    const Dims dims = StateSpec{"", shape(e.value.type.shape)}.dims(x.dims()[0]);
    if (e.value.type.rank() > 0) result.values.emplace(e.name, batched(evaluate.var(value), dims));
  }
  for (const StateSpec& s : states_) result.state.push_back(known.at({s.name, true}).var);
  return result;
}

}  // namespace unroll
