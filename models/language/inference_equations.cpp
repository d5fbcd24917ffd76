#include <fmt/format.h>

#include <algorithm>

#include "models/initialiser.hpp"
#include "models/language/inference.hpp"

namespace unroll {

CellDefinition Inference::run() {
  cell_.name = syntax_.name;
  cell_.note = syntax_.note;
  cell_.canonical = canonical_text(syntax_, cell_.files);
  for (const ConstStatement& c : syntax_.constants) constant(c);
  given(syntax_.context, "second input", cell_.context);
  given(syntax_.feedback, "feedback", cell_.feedback);
  for (const DefStatement& d : syntax_.definitions) definition(d);
  for (const StateStatement& s : syntax_.states) state(s);
  for (const ParameterStatement& p : syntax_.parameters) parameter(p);
  if (cell_.states.empty()) fail(syntax_.at, "a cell has at least one state; declare it: state h");
  equations();
  check_complete();
  settle();
  cell_.pytorch = pytorch_tensors(cell_, syntax_.pytorch);
  return std::move(cell_);
}

void Inference::equations() {
  if (syntax_.equations.size() > most_equations)
    fail(syntax_.equations[most_equations].at,
         fmt::format("a cell has at most {} equations, not {}; `def` and `repeat` say what repeats",
                     most_equations, syntax_.equations.size()));
  auto block = syntax_.repeats.begin();
  for (std::size_t i = 0; i < syntax_.equations.size(); ++i) {
    if (block == syntax_.repeats.end() || block->begin != i) {
      equation(syntax_.equations[i], {});
      continue;
    }
    repeat(*block);
    i = block->end - 1;
    ++block;
  }
}

/// A value from before that an equation of the block replaces goes from round to round: it is one of the
/// batch and counts as depending on a state.
void Inference::repeat(const RepeatStatement& r) {
  check_number(r.count);
  CellDefinition::Repeat block{r.count, cell_.equations.size(), 0, {}};
  std::set<std::string> replaced;
  for (std::size_t i = r.begin; i < r.end; ++i) {
    const Equation& e = syntax_.equations[i];
    const auto before = types_.find(e.name);
    if (e.next) fail(e.at, fmt::format("{}' is set after the block, once", e.name));
    if (before == types_.end() || cell_.find_state(e.name) || !cell_.find_equation(e.name, false)) continue;
    before->second.batched = before->second.from_state = true;
    before->second.constant = false;
    if (replaced.insert(e.name).second) block.carried.push_back(e.name);
  }
  std::set<std::string> here;
  for (std::size_t i = r.begin; i < r.end; ++i) {
    const Equation& e = syntax_.equations[i];
    if (!here.insert(e.name).second) fail(e.at, fmt::format("{} is set twice in this block", e.name));
    equation(e, replaced);
  }
  block.end = cell_.equations.size();
  cell_.repeats.push_back(std::move(block));
}

void Inference::equation(const Equation& e, const std::set<std::string>& replaced) {
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
  if (e.next) {
    check_next(*state, value, e);
    // From here on a state after the step is one of the batch, also where its equation is a mere number.
    types_[shown] = {.shape = state->shape,
                     .batched = true,
                     .from_state = value.type.from_state,
                     .from_input = value.type.from_input};
    defined_.emplace(shown, e.at);
  } else if (replaced.contains(e.name)) {
    const Type before = types_.at(e.name);
    bool fits = before.rank() == value.type.rank() || value.type.rank() == 0;
    for (std::size_t i = 0; fits && i < value.type.rank(); ++i)
      fits = sizes_.unify(before.shape[i], value.type.shape[i]);
    if (!fits)
      fail(e.value.at, fmt::format("{} is {} before the block, but {} after a round", e.name,
                                   describe(before, sizes_), describe(value.type, sizes_)));
    types_.at(e.name).from_input |= value.type.from_input;
  } else {
    define(e.name, e.at, "value");
    types_[shown] = value.type;
  }
  cell_.equations.push_back({e.name, e.next, e.at, std::move(value)});
}

void Inference::check_next(const CellDefinition::State& state, const Term& value, const Equation& e) {
  const Type expected{.shape = state.shape};
  bool fits = value.type.rank() == 0 || value.type.rank() == expected.rank();
  for (std::size_t i = 0; fits && i < value.type.rank(); ++i)
    fits = sizes_.unify(value.type.shape[i], state.shape[i]);
  if (fits) return;
  fail(e.value.at, fmt::format("the state {} is {}, but its next value is {}{}", e.name,
                               describe(expected, sizes_), describe(value.type, sizes_), origins(value)));
}

void Inference::check_complete() {
  for (const StateStatement& s : syntax_.states)
    if (!types_.contains(s.name + "'"))
      fail(s.at,
           fmt::format("the state {} is never updated; it needs an equation {}' = ...", s.name, s.name));
  cell_.reads_input =
      std::ranges::any_of(cell_.states, [&](const auto& s) { return types_.at(s.name + "'").from_input; });
  const auto check_used = [&](const std::string& name, Span at, std::string_view text) {
    if (!used_.contains(name)) fail(at, fmt::format(fmt::runtime(text), name));
  };
  for (const ParameterStatement& p : syntax_.parameters)
    check_used(p.name, p.at, "the parameter {} is declared, but no equation uses it");
  for (const ConstStatement& c : syntax_.constants)
    check_used(c.name, c.at, "the constant {} is defined, but nothing uses it");
  if (syntax_.context)
    check_used(cell_.context, syntax_.context->at,
               "the second input {} is declared, but no equation reads it");
  if (syntax_.feedback)
    check_used(cell_.feedback, syntax_.feedback->at, "the feedback {} is declared, but no equation reads it");
  for (const DefStatement& d : syntax_.definitions)
    check_used(d.name, d.at, "the function {} is defined, but nothing calls it");
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

void Inference::check_derived(const ParameterStatement& p) {
  const auto& arguments = p.init->arguments;
  const CellDefinition::Parameter* other = arguments.size() == 1 && arguments[0].kind == Form::name
                                               ? cell_.find_parameter(arguments[0].name)
                                               : nullptr;
  if (!other || other->statement.name == p.name)
    fail(p.init->at, fmt::format("{} takes the name of another parameter, from whose start this one follows",
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

std::vector<Size> Inference::resolved(std::vector<Size> shape) const {
  for (Size& size : shape) size = sizes_.resolve(size);
  return shape;
}

void Inference::settle() {
  for (CellDefinition::Parameter& p : cell_.parameters) p.shape = resolved(p.shape);
  for (CellDefinition::Constant& c : cell_.constants)
    if (c.array) resolve(*c.array);
  for (CellDefinition::Equation& e : cell_.equations) resolve(e.value);
}

void Inference::resolve(Term& t) const {
  t.type.shape = resolved(t.type.shape);
  for (Term::Cut& cut : t.cuts) cut = {sizes_.resolve(cut.begin), sizes_.resolve(cut.length), cut.drops};
  for (Term& operand : t.operands) resolve(operand);
}

namespace {

/// Whether the text has the numbers of all files that it names, and of no others.
void check_files(const Source& source, const CellSyntax& syntax, const FileArrays& files) {
  std::set<std::string> named;
  for (const Expression& reference : file_references(syntax)) {
    named.insert(reference.name);
    if (!files.contains(reference.name))
      throw EquationError(
          source, reference.at,
          fmt::format(
              "the numbers of {0} are not here: a text that stands alone has them in a line `file \"{0}\" "
              "(2, 2) = 1 0 0 1` behind its equations; a cell's file takes them from the file beside it",
              reference.name));
  }
  for (const auto& [name, array] : files)
    if (!named.contains(name))
      throw EquationError(
          fmt::format("{}: there is a line with the numbers of the file \"{}\", but nothing takes "
                      "them: const NAME: {} = file(\"{}\")",
                      source.name(), name, to_string(array->shape()), name));
}

}  // namespace

std::shared_ptr<const CellDefinition> define_cell(std::string source_name, std::string_view text,
                                                  const FunctionTable& functions) {
  TextApart apart = take_file_lines(source_name, text);
  const Source source(std::move(source_name), apart.equations);
  CellSyntax syntax = parse_cell(source, functions);
  check_files(source, syntax, apart.files);
  return std::make_shared<const CellDefinition>(
      Inference(source, std::move(syntax), std::move(apart.files), functions).run());
}

}  // namespace unroll
