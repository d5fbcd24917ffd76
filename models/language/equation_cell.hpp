#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

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
  CellStep step(const Parameters& p, Var x, const std::vector<Var>& state) const override;

  const CellDefinition& definition() const { return *definition_; }
  Shape shape(const std::vector<Size>& sizes) const;
  Activation activation() const { return activation_; }
  /// The value of a constant or a size by name; nothing for another name.
  std::optional<double> constant(std::string_view name) const;
  /// What the equations mean by a parameter's name: a matrix that is stored as something else is made here.
  Var parameter(const Parameters& p, const CellDefinition::Parameter& parameter) const;

 private:
  void read_constants(const CellOptions& options);
  double number(const Expression& e) const;
  void make_states();
  void make_parameters();
  void add_parameter(const CellDefinition::Parameter& parameter);
  ParameterSpec spec(const CellDefinition::Parameter& parameter) const;
  InitialiserOptions init(const InitCall& call) const;
  void check_start(const ParameterSpec& spec, const InitCall& call) const;

  std::shared_ptr<const CellDefinition> definition_;
  Activation activation_;
  std::map<std::string, double, std::less<>> numbers_;  ///< constants and sizes
  std::vector<StateSpec> states_;
  std::vector<ParameterSpec> parameters_;
};

}  // namespace unroll
