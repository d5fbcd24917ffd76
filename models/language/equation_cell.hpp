#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/activation.hpp"
#include "models/cell.hpp"
#include "models/language/evaluate.hpp"

namespace unroll {

/// A cell that is written as equations, at given sizes: the same tape as a class with these equations
/// records.
class EquationCell final : public Cell {
 public:
  /// Throws std::invalid_argument for a constant that the cell does not have, a size that is no whole number
  /// above 0, and an initialiser or a bound that makes no sense.
  EquationCell(std::shared_ptr<const CellDefinition> definition, const CellOptions& options);

  std::vector<ParameterSpec> parameters() const override { return parameters_; }
  std::vector<StateSpec> states() const override { return states_; }
  std::int64_t noise_size() const override;
  std::int64_t context_size() const override { return given_size(definition_->context); }
  std::int64_t feedback_size() const override { return given_size(definition_->feedback); }
  CellStep step(const Parameters& p, const StepInputs& in) const override { return step(p, in, {}); }
  /// The same, while somebody looks on.
  CellStep step(const Parameters& p, const StepInputs& in, const EquationEvaluator::Hooks& hooks) const;

  const CellDefinition& definition() const { return *definition_; }
  Shape shape(const std::vector<Size>& sizes) const;
  /// A place or a length, which may be 0. Throws std::invalid_argument where it is no whole number.
  std::int64_t extent(const Size& size) const;
  Activation activation() const { return activation_; }
  /// The value of a number that is known when the cell is made, by name; nothing for another name.
  std::optional<double> constant(std::string_view name) const;
  /// The rank of a low-rank parameter, or how many heads it has.
  std::int64_t count(const CellDefinition::Parameter& parameter) const;
  std::int64_t rounds(const CellDefinition::Repeat& repeat) const;
  /// Whether a name means something before anything is recorded.
  bool is_known(std::string_view name) const { return numbers_.contains(name) || arrays_.contains(name); }
  /// What a name means before anything is recorded: a number, or an array as a constant of the tape; nothing
  /// for another name.
  std::optional<Quantity> known(Tape& tape, const std::string& name) const;
  /// What the equations mean by a parameter's name: a matrix that is stored as something else is made here.
  Var parameter(const Parameters& p, const CellDefinition::Parameter& parameter) const;

 private:
  void add_given(const std::string& name, std::string_view what, std::int64_t size);
  std::int64_t given_size(const std::string& name) const;
  void read_constants(const CellOptions& options);
  void refuse_unknown_constants(const CellOptions& options) const;
  std::shared_ptr<const Tensor<double>> file(const Expression& e, const std::string& name,
                                             const Shape& shape) const;
  void fold_arrays();
  void fold_equations();
  Tensor<double> folded(const Term& t, const Shape& shape,
                        std::map<std::string, Tensor<double>> indices) const;
  void check_terms() const;
  void check_term(const Term& t) const;
  void check_arrays(const Term& t, const Shape& shape) const;
  void check_rounds(const CellDefinition::Repeat& repeat) const;
  double number(const Expression& e) const;
  void make_states();
  void make_parameters();
  void add_parameter(const CellDefinition::Parameter& parameter);
  void add_factors(const ParameterSpec& whole, const CellDefinition::Parameter& parameter);
  ParameterSpec spec(const CellDefinition::Parameter& parameter) const;
  InitialiserOptions init(const InitCall& call) const;
  void check_start(const ParameterSpec& spec, const InitCall& call) const;

  std::shared_ptr<const CellDefinition> definition_;
  Activation activation_;
  std::map<std::string, double, std::less<>> numbers_;         ///< constants and sizes
  std::map<std::string, Tensor<double>, std::less<>> arrays_;  ///< constants, and equations of them alone
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
};

}  // namespace unroll
