#include "models/language/equation_cell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/matrix_maps.hpp"
#include "models/language/names.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Structure = ParameterStatement::Structure;

/// Elements of an array of constants, and of a matrix that a function makes.
constexpr std::int64_t largest_array = std::int64_t{1} << 22;

std::size_t count_terms(const Term& t) {
  std::size_t count = 1;
  for (const Term& operand : t.operands) count += count_terms(operand);
  return count;
}

bool is_vector_of_weights(std::string_view name) { return name.starts_with("w_"); }

}  // namespace

EquationCell::EquationCell(std::shared_ptr<const CellDefinition> definition, const CellOptions& options)
    : definition_(std::move(definition)), activation_(unroll::activation(options.activation)) {
  numbers_ = {{"hidden", static_cast<double>(options.hidden_size)},
              {"input", static_cast<double>(options.input_size)},
              {"pi", std::numbers::pi}};
  add_given(definition_->context, "second input", options.context_size);
  add_given(definition_->feedback, "feedback", options.output_size);
  read_constants(options);
  make_states();
  make_parameters();
  check_terms();
  fold_arrays();
  fold_equations();
}

// ---- numbers and sizes

void EquationCell::add_given(const std::string& name, std::string_view what, std::int64_t size) {
  if (name.empty()) return;
  if (size < 1)
    throw std::invalid_argument(
        fmt::format("the cell {} reads a {}, {}, but is made for none", definition_->name, what, name));
  numbers_[size_name(name)] = static_cast<double>(size);
}

std::int64_t EquationCell::given_size(const std::string& name) const {
  return name.empty() ? 0 : static_cast<std::int64_t>(numbers_.at(size_name(name)));
}

void EquationCell::read_constants(const CellOptions& options) {
  refuse_unknown_constants(options);
  for (const CellDefinition::Constant& c : definition_->constants) {
    if (c.array) continue;
    const auto given = options.constants.find(c.name);
    numbers_[c.name] = given == options.constants.end() ? number(c.value) : given->second;
  }
}

void EquationCell::refuse_unknown_constants(const CellOptions& options) const {
  std::vector<std::string> known;
  for (const CellDefinition::Constant& c : definition_->constants)
    if (!c.array) known.push_back(c.name);
  for (const auto& [name, value] : options.constants) {
    if (std::ranges::find(known, name) != known.end()) continue;
    throw std::invalid_argument(
        known.empty() ? fmt::format("the cell {} has no constants, so no {}", definition_->name, name)
                      : fmt::format("the cell {} has no constant {}{}; it has {}", definition_->name, name,
                                    did_you_mean(name, known), fmt::join(known, ", ")));
  }
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

std::int64_t EquationCell::extent(const Size& size) const {
  const double value = size.value([this](const std::string& name) { return numbers_.at(name); });
  if (value >= 0 && value <= 1e6 && value == std::floor(value)) return static_cast<std::int64_t>(value);
  throw std::invalid_argument(
      fmt::format("the cell {} would have a value of the size {} = {}, at hidden {} and input {}; sizes are "
                  "whole numbers from 1 to 1000000 (is a constant that stands for a size something else?)",
                  definition_->name, size.text(), value, numbers_.at("hidden"), numbers_.at("input")));
}

Shape EquationCell::shape(const std::vector<Size>& sizes) const {
  Shape shape;
  for (const Size& size : sizes) {
    shape.push_back(extent(size));
    if (shape.back() == 0)
      throw std::invalid_argument(fmt::format(
          "the cell {} would have a value of the size {} = 0; sizes are whole numbers from 1 to 1000000",
          definition_->name, size.text()));
  }
  return shape;
}

std::int64_t EquationCell::count(const CellDefinition::Parameter& p) const {
  const double count = number(*p.statement.count);
  const Shape whole = shape(p.shape);
  const bool heads = p.statement.structure == Structure::heads;
  const std::int64_t most = std::min(whole[0], whole[1]);
  if (count != std::floor(count) || count < 1 || count > static_cast<double>(most))
    throw EquationError(
        definition_->source, p.statement.count->at,
        fmt::format("{} of {} is a whole number from 1 to {}, not {}",
                    heads ? "the number of heads" : "the rank", p.statement.name, most, count));
  const auto n = static_cast<std::int64_t>(count);
  if (heads && (whole[0] % n != 0 || whole[1] % n != 0))
    throw EquationError(
        definition_->source, p.statement.count->at,
        fmt::format("{} heads do not divide {}, which is {}", n, p.statement.name, to_string(whole)));
  return n;
}

// ---- what the sizes must fit

void EquationCell::check_terms() const {
  for (const CellDefinition::Constant& c : definition_->constants)
    if (c.array) check_term(*c.array);
  for (const CellDefinition::Equation& e : definition_->equations) check_term(e.value);
  for (const CellDefinition::Repeat& r : definition_->repeats) check_rounds(r);
}

void EquationCell::check_rounds(const CellDefinition::Repeat& repeat) const {
  constexpr std::size_t most = 100'000;
  std::size_t terms = 0;
  for (std::size_t i = repeat.begin; i < repeat.end; ++i)
    terms += count_terms(definition_->equations[i].value);
  if (terms * static_cast<std::size_t>(rounds(repeat)) > most)
    throw EquationError(definition_->source, repeat.count.at,
                        fmt::format("{} rounds of {} values and operators are more than a step can have, {}",
                                    rounds(repeat), terms, most));
}

std::int64_t EquationCell::rounds(const CellDefinition::Repeat& repeat) const {
  constexpr double most = 1000;
  const double count = number(repeat.count);
  if (count >= 1 && count <= most && count == std::floor(count)) return static_cast<std::int64_t>(count);
  throw EquationError(
      definition_->source, repeat.count.at,
      fmt::format("a block is repeated a whole number of times from 1 to {}, not {}", most, count));
}

void EquationCell::check_arrays(const Term& t, const Shape& shape) const {
  const std::int64_t made = t.function && t.function->squares ? shape.back() * shape.back()
                            : t.type.constant                 ? shape.numel()
                                                              : 0;
  if (made > largest_array)
    throw std::invalid_argument(fmt::format("an array of {} constants, more than {}", made, largest_array));
}

void EquationCell::check_term(const Term& t) const {
  for (const Term& operand : t.operands) check_term(operand);
  try {
    const Shape own = shape(t.type.shape);
    check_arrays(t, own);
    if (t.function && t.function->rearranges && own.numel() != shape(t.operands[0].type.shape).numel())
      throw std::invalid_argument(fmt::format("{} has {} elements, {} has {}", to_string(own), own.numel(),
                                              to_string(shape(t.operands[0].type.shape)),
                                              shape(t.operands[0].type.shape).numel()));
    for (std::size_t i = 0; i < t.cuts.size(); ++i) {
      const std::int64_t from = extent(t.cuts[i].begin), length = extent(t.cuts[i].length);
      const std::int64_t whole = extent(t.operands[0].type.shape[i]);
      if (length < 1 || from + length > whole)
        throw std::invalid_argument(
            fmt::format("there is no part from {} to before {} of {} elements", from, from + length, whole));
    }
  } catch (const EquationError&) {
    throw;
  } catch (const std::invalid_argument& error) {
    throw EquationError(definition_->source, t.at, error.what());
  }
}

// ---- arrays

/// In double, by a plan of its own: what does not depend on parameters is computed once, for every precision
/// as well as can be.
Tensor<double> EquationCell::folded(const Term& t, const Shape& shape,
                                    std::map<std::string, Tensor<double>> indices) const {
  Tape tape;
  EquationEvaluator evaluate(*this, tape, [&](const std::string& name, bool, const Type&) {
    if (const auto index = indices.find(name); index != indices.end())
      return Quantity{0, tape.constant(index->second)};
    return known(tape, name).value();
  });
  const Var value = batched(evaluate.var(evaluate(t)), Dims(shape.begin(), shape.end()));
  Plan<double> plan(tape, {value});
  plan.run();
  return plan.tensor(value);
}

std::optional<Quantity> EquationCell::known(Tape& tape, const std::string& name) const {
  if (const auto number = constant(name)) return Quantity{*number};
  if (const auto array = arrays_.find(name); array != arrays_.end())
    return Quantity{0, tape.constant(array->second)};
  return std::nullopt;
}

/// The array of a file, for a value of this shape.
std::shared_ptr<const Tensor<double>> EquationCell::file(const Expression& e, const std::string& name,
                                                         const Shape& shape) const {
  const auto& array = definition_->files.at(e.name);
  if (array->shape() == shape) return array;
  // No EquationError: of other sizes and constants it may be true.
  throw std::invalid_argument(definition_->source.message(
      e.at, fmt::format("{} is {} here, at hidden {} and input {}, but {} holds {}", name, to_string(shape),
                        numbers_.at("hidden"), numbers_.at("input"), e.name, to_string(array->shape()))));
}

void EquationCell::fold_arrays() {
  for (const CellDefinition::Constant& c : definition_->constants) {
    if (!c.array) continue;
    const Shape own = shape(c.array->type.shape);
    if (c.array->kind == Expression::Kind::file) {
      arrays_.emplace(c.name, *file(c.value, c.name, own));
      continue;
    }
    std::map<std::string, Tensor<double>> indices;
    for (std::size_t axis = 0; axis < own.rank(); ++axis) {
      Shape along = own;
      if (own.rank() == 2) along[1 - axis] = 1;
      Tensor<double> index(along);
      for (std::int64_t i = 0; i < own[axis]; ++i) index[i] = static_cast<double>(i);
      indices.emplace(axis == 0 ? "i" : "j", std::move(index));
    }
    arrays_.emplace(c.name, folded(*c.array, own, std::move(indices)));
  }
}

void EquationCell::fold_equations() {
  for (const CellDefinition::Equation& e : definition_->equations) {
    if (e.next || !e.value.type.constant || definition_->is_repeated(e.name)) continue;
    const Tensor<double> value = folded(e.value, shape(e.value.type.shape), {});
    if (e.value.type.rank() == 0)
      numbers_[e.name] = value[0];
    else
      arrays_.emplace(e.name, value);
  }
}

// ---- states and parameters

void EquationCell::make_states() {
  for (const CellDefinition::State& s : definition_->states)
    states_.push_back({.name = s.name,
                       .shape = s.shape.empty() ? Shape{1} : shape(s.shape),
                       .start = s.start ? number(*s.start) : 0,
                       .learned = s.learned});
  if (definition_->counts_steps) states_.push_back({.name = "step.count", .shape = {1}, .counts = true});
}

std::int64_t EquationCell::noise_size() const {
  return definition_->noisy ? static_cast<std::int64_t>(numbers_.at("hidden")) : 0;
}

void EquationCell::make_parameters() {
  for (const CellDefinition::Parameter& p : definition_->parameters) add_parameter(p);
}

void EquationCell::add_parameter(const CellDefinition::Parameter& p) {
  ParameterSpec whole = spec(p);
  if (p.statement.structure == Structure::low_rank) return add_factors(whole, p);
  if (p.statement.structure == Structure::heads) whole.shape[1] /= count(p);
  parameters_.push_back(std::move(whole));
}

void EquationCell::add_factors(const ParameterSpec& whole, const CellDefinition::Parameter& p) {
  const std::int64_t rank = count(p);
  ParameterSpec left = whole, right = whole;
  left.name = left_factor(p.statement.name);
  left.shape = {whole.shape[0], rank};
  right.name = right_factor(p.statement.name);
  right.shape = {rank, whole.shape[1]};
  left.role = right.role = Role::input_matrix;
  parameters_.push_back(left);
  parameters_.push_back(right);
}

ParameterSpec EquationCell::spec(const CellDefinition::Parameter& p) const {
  const ParameterStatement& s = p.statement;
  ParameterSpec spec{s.name, shape(p.shape), Role::bias};
  const bool square = p.shape.size() == 2 && p.shape[0] == p.shape[1];
  if (p.shape.size() == 2)
    spec.role = square && p.applied_to_state && s.structure != Structure::heads ? Role::recurrent_matrix
                                                                                : Role::input_matrix;
  if (s.structure == Structure::diagonal) spec.shape = {spec.shape[0]};
  const double last = spec.shape.rank() == 0 ? 1 : static_cast<double>(spec.shape.back());
  // No bias, and no matrix that glorot could be asked for: as PyTorch starts its recurrent layers.
  if (is_vector_of_weights(s.name) || s.structure == Structure::diagonal)
    spec.init = InitialiserOptions{.name = "uniform", .scale = 1 / std::sqrt(last)};
  if (s.init) spec.init = init(*s.init);
  if (s.init && s.init->from_file()) {
    Shape stored = spec.shape;
    if (s.structure == Structure::heads) stored[1] /= count(p);
    spec.init->values = file(s.init->arguments[0], s.name, stored);
  }
  if (!s.bounds.empty()) spec.bounds = {number(s.bounds[0]), number(s.bounds[1])};
  if (spec.bounds.lower > spec.bounds.upper)
    throw EquationError(
        definition_->source, s.bounds[0].at,
        fmt::format("the bounds of {} are empty: [{}, {}]", s.name, spec.bounds.lower, spec.bounds.upper));
  if (s.rate) spec.rate = number(*s.rate);
  if (spec.rate < 0)
    throw EquationError(definition_->source, s.rate->at,
                        fmt::format("the rate of {} is a factor of at least 0, not {}", s.name, spec.rate));
  spec.trained = !s.fixed;
  if (s.init) check_start(spec, *s.init);
  return spec;
}

/// Whether the initialiser makes such a shape, tried on a small one of the same kind where it is a
/// matrix.
void EquationCell::check_start(const ParameterSpec& spec, const InitCall& call) const {
  if (!spec.init->of.empty() || spec.init->values) return;
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
  if (call.from_file()) return {.name = call.name};
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
    case Structure::orthogonal_exp:
      return matrix_exponential(stored - transpose(stored));
    default:
      return stored;
  }
}

}  // namespace unroll
