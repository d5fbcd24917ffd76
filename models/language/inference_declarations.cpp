#include <fmt/format.h>

#include "models/initialiser.hpp"
#include "models/language/inference.hpp"
#include "models/language/names.hpp"

namespace unroll {

void Inference::define(const std::string& name, Span at, std::string_view what) {
  if (is_reserved_name(name) || functions_.find(name))
    fail(at, fmt::format("{} has a meaning of its own here; call the {} something else", name, what));
  const auto [known, fresh] = defined_.emplace(name, at);
  if (!fresh) fail(at, fmt::format("{} is defined twice, first in line {}", name, line(known->second)));
}

bool Inference::is_size(std::string_view name) {
  if (!scopes_.empty() && scopes_.back().contains(std::string(name))) return false;
  const auto* constant = cell_.find_constant(name);
  if (constant) used_.insert(std::string(name));
  return name == "hidden" || name == "input" || (constant && !constant->array);
}

Size Inference::size(const Expression& e) {
  return size_of(e, cell_.source, [&](std::string_view name) { return is_size(name); });
}

std::vector<Size> Inference::shape_of(const std::vector<Expression>& extents, Span at) {
  if (extents.size() > 2) fail(at, "a value has at most two axes: (ROWS, COLUMNS)");
  std::vector<Size> shape;
  for (const Expression& extent : extents) {
    shape.push_back(size(extent));
    if (const auto n = shape.back().number(); n && (n->numerator() < 1 || n->denominator() != 1))
      fail(extent.at, fmt::format("a size is a whole number above 0, not {}", shape.back().text()));
  }
  return shape;
}

/// Only to see that it is a number: its value depends on the cell's sizes.
void Inference::check_number(const Expression& e) {
  constant_value(e, cell_.source, [&](std::string_view name) -> std::optional<double> {
    if (is_size(name) || name == "pi") return 1;
    return std::nullopt;
  });
}

void Inference::constant(const ConstStatement& c) {
  if (c.shape) return array(c);
  if (c.value.kind == Form::file)
    fail(c.value.at, fmt::format("an array says its shape: const {}: {} = {}", c.name,
                                 to_string(cell_.files.at(c.value.name)->shape()), source_text(c.value)));
  check_number(c.value);
  define(c.name, c.at, "constant");
  cell_.constants.push_back({c.name, c.value, std::nullopt});
}

void Inference::array(const ConstStatement& c) {
  const std::vector<Size> shape = shape_of(*c.shape, c.at);
  if (shape.empty()) fail(c.at, "a constant that is a number needs no shape");
  Term value = c.value.kind == Form::file ? file(c.value, c.name, shape) : elements(c, shape);
  define(c.name, c.at, "constant");
  types_[c.name] = {.shape = shape, .constant = true};
  cell_.constants.push_back({c.name, c.value, std::move(value)});
}

/// What can be compared before sizes are known; the rest is when the cell is made.
Term Inference::file(const Expression& e, const std::string& name, const std::vector<Size>& shape) {
  const Shape& found = cell_.files.at(e.name)->shape();
  bool fits = found.rank() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = !shape[i].number() || shape[i].is(found[i]);
  if (!fits)
    fail(e.at, fmt::format("{} is {}, but {} holds {}", name, describe({.shape = shape}, sizes_), e.name,
                           to_string(found)));
  return {.kind = e.kind, .type = {.shape = shape, .constant = true}, .at = e.at, .name = e.name};
}

/// Those that are made of the indices.
Term Inference::elements(const ConstStatement& c, const std::vector<Size>& shape) {
  const Size one = Size::of(1);
  types_["i"] = {.shape = shape.size() == 1 ? shape : std::vector<Size>{shape[0], one}, .constant = true};
  if (shape.size() == 2) types_["j"] = {.shape = {one, shape[1]}, .constant = true};
  in_array_ = true;
  Term value = term(c.value);
  in_array_ = false;
  types_.erase("i");
  types_.erase("j");
  if (!value.type.constant)
    fail(c.value.at, "the elements of a constant are made of numbers, constants and the indices i and j");
  const Type expected{.shape = shape};
  const Type found =
      checked(value, [&] { return elementwise_type(expected, value.type, "a constant", sizes_); });
  if (found.shape != expected.shape && resolved(found.shape) != resolved(shape))
    fail(c.value.at, fmt::format("{} is {}, but its elements make {}", c.name, describe(expected, sizes_),
                                 describe(found, sizes_)));
  value.type.shape = shape;
  return value;
}

/// A vector for each sequence, as large as whoever runs the cell says.
void Inference::given(const std::optional<GivenStatement>& statement, std::string_view what,
                      std::string& name) {
  if (!statement) return;
  define(statement->name, statement->at, what);
  name = statement->name;
  types_[name] = {.shape = {Size::named(size_name(name))}, .batched = true, .from_input = true};
}

void Inference::definition(const DefStatement& d) {
  define(d.name, d.at, "function");
  std::set<std::string> names;
  for (const std::string& parameter : d.parameters)
    if (!names.insert(parameter).second) fail(d.at, fmt::format("{} takes {} twice", d.name, parameter));
}

void Inference::state(const StateStatement& s) {
  define(s.name, s.at, "state");
  CellDefinition::State state{s.name, {Size::named("hidden")}, s.start};
  if (s.shape) state.shape = shape_of(*s.shape, s.at);
  if (cell_.states.empty() && state.shape.size() != 1)
    fail(s.at, fmt::format("the first state is what a readout sees, a vector; {} is {}", s.name,
                           describe({.shape = state.shape}, sizes_)));
  if (s.start && s.start->kind == Form::name && s.start->name == "learned") {
    state.learned = true;
    state.start.reset();
  }
  if (state.start) check_number(*state.start);
  cell_.states.push_back(std::move(state));
  types_[s.name] = {.shape = cell_.states.back().shape, .batched = true, .from_state = true};
}

std::vector<Size> Inference::unknown_shape(std::size_t rank) {
  std::vector<Size> shape;
  for (std::size_t i = 0; i < rank; ++i) shape.push_back(sizes_.unknown());
  return shape;
}

std::vector<Size> Inference::declared_shape(const ParameterStatement& p) {
  const bool matrix = p.structure != Structure::dense || is_matrix_name(p.name);
  if (p.shape) return shape_of(*p.shape, p.at);
  if (matrix || is_vector_name(p.name)) return unknown_shape(matrix ? 2 : 1);
  fail(p.at, fmt::format("{} needs a shape, such as `param {}: hidden`; only upper-case names (matrices) "
                         "and b, b_..., w_... (vectors) do without",
                         p.name, p.name));
}

void Inference::parameter(const ParameterStatement& p) {
  define(p.name, p.at, "parameter");
  CellDefinition::Parameter parameter{p, declared_shape(p), false};
  check_structure(parameter);
  if (p.count) check_number(*p.count);
  if (p.rate) check_number(*p.rate);
  for (const Expression& bound : p.bounds) check_number(bound);
  const bool from_file = p.init && p.init->from_file();
  if (from_file && p.structure == Structure::low_rank)
    fail(p.init->at,
         fmt::format("{} is stored as two factors, and a file holds one array; declare them as two "
                     "parameters that start from files",
                     p.name));
  if (p.init && !from_file && !find_derived_initialiser(p.init->name)) {
    for (const Expression& argument : p.init->arguments) check_number(argument);
    check_initialiser(*p.init);
  }
  add_parameter(std::move(parameter));
}

void Inference::check_initialiser(const InitCall& init) const {
  try {
    initialiser_options(init.name, std::vector<double>(init.arguments.size(), 1));
  } catch (const std::invalid_argument& error) {
    fail(init.at, error.what());
  }
}

void Inference::check_structure(const CellDefinition::Parameter& parameter) {
  const ParameterStatement& p = parameter.statement;
  if (p.structure == Structure::dense) return;
  if (parameter.shape.size() != 2)
    fail(p.at, fmt::format("{} has the structure of a matrix, but the shape of something else", p.name));
  const bool square = p.structure != Structure::low_rank && p.structure != Structure::heads;
  if (square && !sizes_.unify(parameter.shape[0], parameter.shape[1]))
    fail(p.at, fmt::format("{} must be square, not ({}, {})", p.name, sizes_.text(parameter.shape[0]),
                           sizes_.text(parameter.shape[1])));
}

void Inference::add_parameter(CellDefinition::Parameter parameter) {
  const Structure structure = parameter.statement.structure;
  types_[parameter.statement.name] = {.shape = parameter.shape,
                                      .only_product = structure == Structure::diagonal ||
                                                      structure == Structure::low_rank ||
                                                      structure == Structure::heads};
  cell_.parameters.push_back(std::move(parameter));
}

}  // namespace unroll
