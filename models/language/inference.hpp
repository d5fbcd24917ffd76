#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/language/definition.hpp"

namespace unroll {

/// Settles what the names of a cell's text are and what shapes they have: parameters that nobody declared, by
/// the naming rule, and their extents, by solving for them.
class Inference {
 public:
  Inference(const Source& source, CellSyntax syntax, FileArrays files, const FunctionTable& functions)
      : functions_(functions), syntax_(std::move(syntax)), cell_{source} {
    cell_.files = std::move(files);
  }

  CellDefinition run();

 private:
  using Form = Expression::Kind;
  using Structure = ParameterStatement::Structure;

  [[noreturn]] void fail(Span at, std::string_view text) const {
    throw EquationError(cell_.source, at, text);
  }
  std::size_t line(Span at) const { return cell_.source.line_of(at.begin); }

  // What is declared: inference_declarations.cpp
  void define(const std::string& name, Span at, std::string_view what);
  bool is_size(std::string_view name);
  Size size(const Expression& e);
  std::vector<Size> shape_of(const std::vector<Expression>& extents, Span at);
  void check_number(const Expression& e);
  void constant(const ConstStatement& c);
  void array(const ConstStatement& c);
  Term elements(const ConstStatement& c, const std::vector<Size>& shape);
  Term file(const Expression& e, const std::string& name, const std::vector<Size>& shape);
  void given(const std::optional<GivenStatement>& statement, std::string_view what, std::string& name);
  void definition(const DefStatement& d);
  void state(const StateStatement& s);
  void parameter(const ParameterStatement& p);
  std::vector<Size> declared_shape(const ParameterStatement& p);
  std::vector<Size> unknown_shape(std::size_t rank);
  void check_initialiser(const InitCall& init) const;
  void check_structure(const CellDefinition::Parameter& parameter);
  void add_parameter(CellDefinition::Parameter parameter);

  // Equations, and what is checked when all are read: inference_equations.cpp
  void equations();
  void equation(const Equation& e, const std::set<std::string>& replaced);
  void repeat(const RepeatStatement& r);
  void check_next(const CellDefinition::State& state, const Term& value, const Equation& e);
  void check_complete();
  void check_derived(const ParameterStatement& p);
  std::vector<Size> resolved(std::vector<Size> shape) const;
  void settle();
  void resolve(Term& t) const;

  // Terms: inference_terms.cpp
  Term term(const Expression& e);
  Term operation(const Expression& e);
  Term name(const Expression& e);
  Term negation(const Expression& e);
  Term elementwise(const Expression& e);
  Term power(const Expression& e);
  Term product(const Expression& e);
  Term subscript(const Expression& e);
  Term::Cut cut(const Expression& range, const Size& extent);
  Term call(const Expression& e);
  Term activation(Term t, const Expression& e);
  Term call_of_definition(const DefStatement& d, const Expression& e);
  std::optional<Type> given(const std::string& name);
  Type infer_parameter(const Expression& e, const std::string& shown);
  void apply_to_state(const Term& t);
  void apply_to_state(const std::string& name);
  Type checked(const Term& t, const std::function<Type()>& type) const;

  // What messages say: inference_messages.cpp
  static std::string only_product_text(std::string_view name);
  static std::string arity_text(const Function& f, std::size_t found);
  std::string unknown_next(const std::string& name) const;
  std::string unknown_name(const std::string& name) const;
  std::string source_text(const Expression& e) const { return std::string(cell_.source.text(e.at)); }
  std::string operand_shapes(const Term& t) const;
  std::string origins(const Term& t) const;

  /// Terms of one cell: what calls of `def` in calls of `def` multiply stays below it.
  static constexpr std::size_t most_terms = 20'000;
  static constexpr std::size_t most_equations = 200;

  const FunctionTable& functions_;
  CellSyntax syntax_;
  CellDefinition cell_;
  SizeSolver sizes_;
  std::map<std::string, Span> defined_;
  std::map<std::string, Type> types_;  ///< of states, next states, values, parameters and arrays
  std::set<std::string> used_;
  std::set<std::string> applied_;  ///< values whose parameters are known to be applied to a state
  /// Of calls of `def` that are being read, the innermost last: what its parameters are called inside.
  std::vector<std::map<std::string, std::string>> scopes_;
  std::vector<const DefStatement*> calling_;
  bool in_array_ = false;  ///< i and j are indices
  std::size_t terms_ = 0, calls_ = 0;
};

/// All names in a term, those in calls of `def` included.
void collect_names(const Term& t, std::set<std::string>& names);

}  // namespace unroll
