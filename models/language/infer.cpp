#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "models/initialiser.hpp"
#include "models/language/definition.hpp"
#include "models/language/names.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;
using Structure = ParameterStatement::Structure;

class Inference {
 public:
  Inference(const Source& source, CellSyntax syntax, const FunctionTable& functions)
      : functions_(functions), syntax_(std::move(syntax)), cell_{source} {}

  CellDefinition run() {
    cell_.name = syntax_.name;
    cell_.note = syntax_.note;
    cell_.canonical = canonical_text(syntax_);
    for (const ConstStatement& c : syntax_.constants) constant(c);
    for (const StateStatement& s : syntax_.states) state(s);
    for (const ParameterStatement& p : syntax_.parameters) parameter(p);
    if (cell_.states.empty()) fail(syntax_.at, "a cell has at least one state; declare it: state h");
    for (const Equation& e : syntax_.equations) equation(e);
    check_complete();
    settle();
    cell_.pytorch = pytorch_tensors(cell_, syntax_.pytorch);
    return std::move(cell_);
  }

 private:
  [[noreturn]] void fail(Span at, std::string_view text) const {
    throw EquationError(cell_.source, at, text);
  }
  std::size_t line(Span at) const { return cell_.source.line_of(at.begin); }

  // ---- names

  void define(const std::string& name, Span at, std::string_view what) {
    if (is_reserved_name(name) || functions_.find(name))
      fail(at, fmt::format("{} has a meaning of its own here; call the {} something else", name, what));
    const auto [known, fresh] = defined_.emplace(name, at);
    if (!fresh) fail(at, fmt::format("{} is defined twice, first in line {}", name, line(known->second)));
  }

  bool is_size(std::string_view name) {
    if (cell_.has_constant(name)) used_.insert(std::string(name));
    return name == "hidden" || name == "input" || cell_.has_constant(name);
  }

  std::vector<Size> shape_of(const std::vector<Expression>& extents, Span at) {
    if (extents.size() > 2) fail(at, "a value has at most two axes: (ROWS, COLUMNS)");
    std::vector<Size> shape;
    for (const Expression& extent : extents)
      shape.push_back(size_of(extent, cell_.source, [&](std::string_view name) { return is_size(name); }));
    return shape;
  }

  /// Only to see that it is a number: its value depends on the cell's sizes.
  void check_number(const Expression& e) {
    constant_value(e, cell_.source, [&](std::string_view name) -> std::optional<double> {
      if (is_size(name)) return 1;
      return std::nullopt;
    });
  }

  void constant(const ConstStatement& c) {
    check_number(c.value);
    define(c.name, c.at, "constant");
    cell_.constants.push_back({c.name, c.value});
  }

  void state(const StateStatement& s) {
    define(s.name, s.at, "state");
    CellDefinition::State state{s.name, {Size::named("hidden")}, s.start};
    if (s.shape) state.shape = shape_of(*s.shape, s.at);
    if (state.shape.empty()) fail(s.at, "a state is a vector or a matrix; a single number is a vector (1)");
    if (cell_.states.empty() && state.shape.size() != 1)
      fail(s.at, fmt::format("the first state is what a readout sees, a vector; {} is a matrix", s.name));
    if (s.start && s.start->kind == Form::name && s.start->name == "learned") {
      state.learned = true;
      state.start.reset();
    }
    if (state.start) check_number(*state.start);
    cell_.states.push_back(std::move(state));
    types_[s.name] = {.shape = cell_.states.back().shape, .batched = true, .from_state = true};
  }

  std::vector<Size> unknown_shape(std::size_t rank) {
    std::vector<Size> shape;
    for (std::size_t i = 0; i < rank; ++i) shape.push_back(sizes_.unknown());
    return shape;
  }

  void parameter(const ParameterStatement& p) {
    define(p.name, p.at, "parameter");
    CellDefinition::Parameter parameter{p, {}, false};
    const bool matrix = p.structure != Structure::dense || is_matrix_name(p.name);
    if (p.shape)
      parameter.shape = shape_of(*p.shape, p.at);
    else if (matrix || is_vector_name(p.name))
      parameter.shape = unknown_shape(matrix ? 2 : 1);
    else
      fail(p.at, fmt::format("{} needs a shape, such as `param {}: hidden`; only upper-case names (matrices) "
                             "and b, b_..., w_... (vectors) do without",
                             p.name, p.name));
    check_structure(parameter);
    if (p.rank) check_number(*p.rank);
    for (const Expression& bound : p.bounds) check_number(bound);
    if (p.init && !find_derived_initialiser(p.init->name))
      for (const Expression& argument : p.init->arguments) check_number(argument);
    if (p.init && !find_derived_initialiser(p.init->name)) check_initialiser(*p.init);
    add_parameter(std::move(parameter));
  }

  void check_initialiser(const InitCall& init) const {
    try {
      initialiser_options(init.name, std::vector<double>(init.arguments.size(), 1));
    } catch (const std::invalid_argument& error) {
      fail(init.at, error.what());
    }
  }

  void check_structure(const CellDefinition::Parameter& parameter) {
    const ParameterStatement& p = parameter.statement;
    if (p.structure == Structure::dense) return;
    if (parameter.shape.size() != 2)
      fail(p.at, fmt::format("{} has the structure of a matrix, but the shape of something else", p.name));
    if (p.structure != Structure::low_rank && !sizes_.unify(parameter.shape[0], parameter.shape[1]))
      fail(p.at, fmt::format("{} must be square, not ({}, {})", p.name, sizes_.text(parameter.shape[0]),
                             sizes_.text(parameter.shape[1])));
  }

  void add_parameter(CellDefinition::Parameter parameter) {
    const Structure structure = parameter.statement.structure;
    types_[parameter.statement.name] = {
        .shape = parameter.shape,
        .only_product = structure == Structure::diagonal || structure == Structure::low_rank};
    cell_.parameters.push_back(std::move(parameter));
  }

  // ---- equations

  void equation(const Equation& e) {
    const std::string shown = e.next ? e.name + "'" : e.name;
    const CellDefinition::State* state = cell_.find_state(e.name);
    if (state && !e.next)
      fail(e.at, fmt::format("{} is a state; its value after the step is {}'", e.name, e.name));
    if (!state && e.next) fail(e.at, fmt::format("{} is no state; declare it: state {}", e.name, e.name));
    if (e.next && types_.contains(shown))
      fail(e.at, fmt::format("{} is defined twice, first in line {}", shown, line(defined_.at(shown))));
    sizes_.reading(e.at);
    Term value = term(e.value);
    if (value.type.only_product) fail(e.at, only_product_text(value.name));
    if (e.next)
      check_next(*state, value, e);
    else
      define(e.name, e.at, "value");
    defined_.emplace(shown, e.at);
    types_[shown] = value.type;
    // From here on a state after the step is one of the batch, also where its equation is a mere number.
    if (e.next)
      types_[shown] = {.shape = state->shape,
                       .batched = true,
                       .from_state = value.type.from_state,
                       .from_input = value.type.from_input};
    contents_[shown] = names_in(value);
    cell_.equations.push_back({e.name, e.next, e.at, std::move(value)});
  }

  void check_next(const CellDefinition::State& state, const Term& value, const Equation& e) {
    const Type expected{.shape = state.shape};
    const bool rank_fits = value.type.rank() == 0 || value.type.rank() == expected.rank();
    bool fits = rank_fits;
    for (std::size_t i = 0; fits && i < value.type.rank(); ++i)
      fits = sizes_.unify(value.type.shape[i], state.shape[i]);
    if (fits) return;
    fail(e.value.at, fmt::format("the state {} is {}, but its next value is {}{}", e.name,
                                 describe(expected, sizes_), describe(value.type, sizes_), origins(value)));
  }

  Term term(const Expression& e) {
    switch (e.kind) {
      case Form::number:
        return {e.kind, {.number = true}, e.at, e.number};
      case Form::name:
        return name(e);
      case Form::negate: {
        Term t = operation(e);
        t.type = t.operands[0].type;
        return t;
      }
      case Form::power:
        return power(e);
      case Form::product:
        return product(e);
      case Form::call:
        return call(e);
      default:
        return elementwise(e);
    }
  }

  /// A term with its operands checked; its type is still to be set.
  Term operation(const Expression& e) {
    Term t{.kind = e.kind, .type = {}, .at = e.at, .name = e.name};
    for (const Expression& operand : e.operands) {
      t.operands.push_back(term(operand));
      if (t.operands.back().type.only_product && e.kind != Form::product)
        fail(operand.at, only_product_text(operand.name));
    }
    return t;
  }

  static std::string only_product_text(std::string_view name) {
    return fmt::format("{} is stored as less than a matrix; it can only stand on the left of a product",
                       name);
  }

  Term name(const Expression& e) {
    const std::string shown = e.next ? e.name + "'" : e.name;
    used_.insert(e.name);
    Term t{.kind = e.kind, .type = {}, .at = e.at, .name = e.name, .next = e.next};
    if (e.name == "x" && !e.next)
      t.type = {.shape = {Size::named("input")}, .batched = true, .from_input = true};
    else if (!e.next && (e.name == "hidden" || e.name == "input" || cell_.has_constant(e.name)))
      t.type = {.number = true};
    else if (const auto known = types_.find(shown); known != types_.end())
      t.type = known->second;
    else
      t.type = infer_parameter(e, shown);
    return t;
  }

  Type infer_parameter(const Expression& e, const std::string& shown) {
    for (const Equation& later : syntax_.equations)
      if (later.name == e.name && later.next == e.next)
        fail(e.at, fmt::format("{} is used before it is defined, in line {}", shown, line(later.at)));
    if (e.next) fail(e.at, unknown_next(e.name));
    if (functions_.find(e.name) || e.name == "act")
      fail(e.at, fmt::format("{} is a function; it is called with parentheses: {}(...)", e.name, e.name));
    const bool matrix = is_matrix_name(e.name), vector = is_vector_name(e.name);
    if (!matrix && !vector) fail(e.at, unknown_name(e.name));
    define(e.name, e.at, "parameter");
    CellDefinition::Parameter parameter;
    parameter.statement.name = e.name;
    parameter.statement.at = e.at;
    parameter.shape = unknown_shape(matrix ? 2 : 1);
    add_parameter(std::move(parameter));
    return types_.at(e.name);
  }

  std::string unknown_next(const std::string& name) const {
    if (cell_.find_state(name)) return fmt::format("{}' has no equation", name);
    return fmt::format("{} is no state: only a state has a value after the step, {}'", name, name);
  }

  std::string unknown_name(const std::string& name) const {
    std::vector<std::string> known = functions_.names();
    known.insert(known.end(), {"act", "x"});
    for (const auto& [other, type] : types_)
      if (!other.ends_with('\'')) known.push_back(other);
    for (const CellDefinition::Constant& c : cell_.constants) known.push_back(c.name);
    std::vector<std::string> functions = functions_.names();
    // Any letter is near to any other.
    const std::optional<std::string> guess = name.size() > 1 ? nearest(name, known) : std::nullopt;
    if (!guess)
      return fmt::format(
          "{} is unknown; a parameter starts with an upper-case letter (a matrix), is b, or "
          "starts with b_ or w_ (a vector), or is declared by `param {}: SHAPE`",
          name, name);
    const bool function = std::ranges::find(functions, *guess) != functions.end() || *guess == "act";
    return fmt::format("{} is unknown; did you mean {}{}?", name, function ? "the function " : "", *guess);
  }

  Term elementwise(const Expression& e) {
    Term t = operation(e);
    static const std::map<Form, std::string_view> names = {
        {Form::add, "+"}, {Form::subtract, "-"}, {Form::multiply, "*"}, {Form::divide, "/"}};
    t.type = checked(t, [&] {
      return elementwise_type(t.operands[0].type, t.operands[1].type, names.at(e.kind), sizes_);
    });
    return t;
  }

  Term power(const Expression& e) {
    Term t = operation(e);
    const Type &base = t.operands[0].type, &exponent = t.operands[1].type;
    if (exponent.rank() != 0)
      fail(e.operands[1].at, "an exponent is a number, not " + describe(exponent, sizes_));
    t.type = checked(t, [&] { return elementwise_type(base, exponent, "^", sizes_); });
    return t;
  }

  Term product(const Expression& e) {
    Term t = operation(e);
    Type &left = t.operands[0].type, &right = t.operands[1].type;
    if (left.rank() != 2)
      fail(e.operands[0].at,
           fmt::format("on the left of a product stands a matrix, not {}; write * between what is "
                       "multiplied element by element",
                       describe(left, sizes_)));
    if (right.only_product) fail(e.operands[1].at, only_product_text(t.operands[1].name));
    if (right.rank() == 0) fail(e.operands[1].at, "a matrix times a number is written with *");
    if (!sizes_.unify(left.shape[1], right.shape[0]))
      fail(e.at,
           fmt::format("a product needs as many columns as the right side has rows: {} is {}, {} is {}{}",
                       source_text(e.operands[0]), describe(left, sizes_), source_text(e.operands[1]),
                       describe(right, sizes_), origins(t)));
    t.type = {.shape = {left.shape[0]},
              .batched = left.batched || right.batched,
              .from_state = left.from_state || right.from_state};
    if (right.rank() == 2) t.type.shape.push_back(right.shape[1]);
    t.type.from_input = left.from_input || right.from_input;
    if (right.from_state) apply_to_state(names_in(t.operands[0]));
    return t;
  }

  void apply_to_state(const std::set<std::string>& names) {
    for (CellDefinition::Parameter& p : cell_.parameters)
      if (names.contains(p.statement.name)) p.applied_to_state = true;
  }

  /// Of all that a term is made of, through the values that it names.
  std::set<std::string> names_in(const Term& t) const {
    std::set<std::string> direct, all;
    collect_names(t, direct);
    for (const std::string& name : direct) {
      all.insert(name);
      if (const auto inner = contents_.find(name); inner != contents_.end())
        all.insert(inner->second.begin(), inner->second.end());
    }
    return all;
  }

  Term call(const Expression& e) {
    Term t = operation(e);
    t.function = functions_.find(e.name);
    if (e.name == "act") {
      cell_.uses_activation = true;
      if (e.operands.size() != 1) fail(e.at, arity_text("act", 1, e.operands.size()));
      t.type = t.operands[0].type;
      t.type.number = false;
      return t;
    }
    const Function& f = *t.function;
    if (f.arity != Function::any_arity && e.operands.size() != f.arity)
      fail(e.at, arity_text(f.name, f.arity, e.operands.size()));
    std::vector<Type> types;
    for (const Term& operand : t.operands) types.push_back(operand.type);
    t.type = checked(t, [&] { return f.type({types, sizes_}); });
    t.type.number = false;
    return t;
  }

  static std::string arity_text(std::string_view name, std::size_t expected, std::size_t found) {
    return fmt::format("{} takes {} value{}, not {}", name, expected, expected == 1 ? "" : "s", found);
  }

  template <class F>
  Type checked(const Term& t, F type) {
    try {
      return type();
    } catch (const TypeError& error) {
      fail(t.at, fmt::format("{}: {}{}", error.what(), operand_shapes(t), origins(t)));
    }
  }

  // ---- where shapes came from

  std::string source_text(const Expression& e) const { return std::string(cell_.source.text(e.at)); }

  std::string operand_shapes(const Term& t) const {
    std::vector<std::string> parts;
    for (const Term& operand : t.operands)
      parts.push_back(fmt::format("{} is {}", cell_.source.text(operand.at), describe(operand.type, sizes_)));
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  /// "; W_f is a matrix (hidden, input), by line 3", for the inferred parameters below a term.
  std::string origins(const Term& t) const {
    std::set<std::string> names;
    collect_names(t, names);
    std::string text;
    for (const CellDefinition::Parameter& p : cell_.parameters) {
      const std::string& name = p.statement.name;
      if (!names.contains(name)) continue;
      text += fmt::format("; {} is {}", name, describe({.shape = p.shape}, sizes_));
      if (!p.inferred) text += fmt::format(" as declared in line {}", line(p.statement.at));
      for (const Size& size : p.shape)
        if (const auto at = sizes_.solved_at(size); p.inferred && at) {
          text += fmt::format(" by its use in line {}", line(*at));
          break;
        }
    }
    for (const CellDefinition::Equation& e : cell_.equations)
      if (!e.next && names.contains(e.name))
        text += fmt::format("; {} is {}, of line {}", e.name, describe(e.value.type, sizes_), line(e.at));
    return text;
  }

  static void collect_names(const Term& t, std::set<std::string>& names) {
    if (t.kind == Form::name) names.insert(t.name);
    for (const Term& operand : t.operands) collect_names(operand, names);
  }

  // ---- at the end

  void check_complete() {
    for (const StateStatement& s : syntax_.states)
      if (!types_.contains(s.name + "'"))
        fail(s.at,
             fmt::format("the state {} is never updated; it needs an equation {}' = ...", s.name, s.name));
    cell_.reads_input =
        std::ranges::any_of(cell_.states, [&](const auto& s) { return types_.at(s.name + "'").from_input; });
    for (const ParameterStatement& p : syntax_.parameters) {
      if (!used_.contains(p.name))
        fail(p.at, fmt::format("the parameter {} is declared, but no equation uses it", p.name));
    }
    for (const ConstStatement& c : syntax_.constants)
      if (!used_.contains(c.name))
        fail(c.at, fmt::format("the constant {} is defined, but nothing uses it", c.name));
    for (const CellDefinition::Parameter& p : cell_.parameters)
      for (const Size& size : p.shape)
        if (!sizes_.known(size))
          fail(p.statement.at,
               fmt::format("the size of {} does not follow from the equations: {}; declare it, as in `param "
                           "{}: {}`",
                           p.statement.name, describe({.shape = p.shape}, sizes_), p.statement.name,
                           p.shape.size() == 2 ? "(hidden, input)" : "hidden"));
    for (const ParameterStatement& p : syntax_.parameters)
      if (p.init && find_derived_initialiser(p.init->name)) check_derived(p);
  }

  void check_derived(const ParameterStatement& p) {
    const auto& arguments = p.init->arguments;
    const CellDefinition::Parameter* other = arguments.size() == 1 && arguments[0].kind == Form::name
                                                 ? cell_.find_parameter(arguments[0].name)
                                                 : nullptr;
    if (!other || other->statement.name == p.name)
      fail(p.init->at,
           fmt::format("{} takes the name of another parameter, from whose start this one follows",
                       p.init->name));
    if (const auto& init = other->statement.init; init && find_derived_initialiser(init->name))
      fail(p.init->at,
           fmt::format("the start of {} follows from that of another parameter itself; name that one",
                       other->statement.name));
    const CellDefinition::Parameter& own = *cell_.find_parameter(p.name);
    const std::vector<Size> shape = resolved(own.shape), others = resolved(other->shape);
    if (shape != others || p.structure != other->statement.structure || p.structure == Structure::low_rank)
      fail(p.init->at,
           fmt::format("{} is {}, {} is {}: a start follows only from that of a parameter of the same shape",
                       p.name, describe({.shape = shape}, sizes_), other->statement.name,
                       describe({.shape = others}, sizes_)));
  }

  std::vector<Size> resolved(std::vector<Size> shape) const {
    for (Size& size : shape) size = sizes_.resolve(size);
    return shape;
  }

  void settle() {
    for (CellDefinition::Parameter& p : cell_.parameters) p.shape = resolved(p.shape);
    for (CellDefinition::Equation& e : cell_.equations) resolve(e.value);
  }
  void resolve(Term& t) {
    t.type.shape = resolved(t.type.shape);
    for (Term& operand : t.operands) resolve(operand);
  }

  const FunctionTable& functions_;
  CellSyntax syntax_;
  CellDefinition cell_;
  SizeSolver sizes_;
  std::map<std::string, Span> defined_;
  std::map<std::string, Type> types_;                      ///< of states, next states, values and parameters
  std::map<std::string, std::set<std::string>> contents_;  ///< names that a value is made of
  std::set<std::string> used_;
};

}  // namespace

std::shared_ptr<const CellDefinition> define_cell(std::string source_name, std::string_view text,
                                                  const FunctionTable& functions) {
  const Source source(std::move(source_name), text);
  CellSyntax syntax = parse_cell(source, functions);
  return std::make_shared<const CellDefinition>(Inference(source, std::move(syntax), functions).run());
}

}  // namespace unroll
