#pragma once

#include <functional>
#include <map>
#include <string>

#include "models/language/definition.hpp"

namespace unroll {

class EquationCell;

/// A value of the equations while they are recorded: a number, folded, or a value on the tape.
struct Quantity {
  double number = 0;
  Var var = {};

  bool is_number() const { return !var.valid(); }
};

/// Records expressions of a checked cell on a tape.
class EquationEvaluator {
 public:
  /// What a name stands for, of the given type; `next` for a state after the step.
  using Lookup = std::function<Quantity(const std::string& name, bool next, const Type& type)>;
  /// For who looks on, or wants gradients to be declared otherwise.
  struct Hooks {
    std::function<void(const CellDefinition::Equation&)> equation = {};  ///< is recorded next
    /// What every term was found to be, operands first.
    std::function<void(const Term&, const Quantity&)> term = {};
    GradientHooks gradient = {};
  };

  EquationEvaluator(const EquationCell& cell, Tape& tape, Lookup lookup, const Hooks& hooks)
      : cell_(cell), tape_(tape), lookup_(std::move(lookup)), hooks_(hooks) {}
  EquationEvaluator(const EquationCell& cell, Tape& tape, Lookup lookup)
      : EquationEvaluator(cell, tape, std::move(lookup), Hooks()) {}

  Quantity operator()(const Term& t);
  /// The same as a value on the tape.
  Var var(const Quantity& q) const { return q.is_number() ? tape_.fill(q.number, {}) : q.var; }

 private:
  Quantity value(const Term& t);
  Quantity name(const Term& t);
  Quantity elementwise(const Term& t);
  Quantity combined(Expression::Kind kind, const Term& t, const Quantity& a, const Quantity& b) const;
  Quantity power(const Term& t, const Quantity& base, const Quantity& exponent) const;
  Quantity product(const Term& t);
  Var structured_product(const CellDefinition::Parameter& p, const Term& t, Var right);
  Quantity subscript(const Term& t);
  Quantity call(const Term& t);
  Quantity applied(const Term& t, const std::vector<Quantity>& operands) const;
  Quantity call_of_definition(const Term& t);

  // The branches of `where`.
  struct Guard {
    Var condition;
    bool taken;        ///< the branch is taken where the condition is not 0, or where it is
    const Type& type;  ///< of the result
  };
  Quantity where(const Term& t);
  Quantity guarded(const Term& t, const Guard& guard);
  Quantity masked(const Quantity& q, const Type& type, const Guard& guard) const;
  bool may_fail(const Term& t);
  const Term* elementwise_equation(const Term& name) const;

  const EquationCell& cell_;
  Tape& tape_;
  Lookup lookup_;
  const Hooks hooks_;
  std::map<std::string, Quantity> bound_;     ///< in calls of `def`
  std::map<const Term*, Quantity> recorded_;  ///< of terms outside of them
};

/// Names of the two factors of a low-rank parameter, and (columns to rank, then rank to rows) how they apply.
std::string left_factor(const std::string& name);
std::string right_factor(const std::string& name);

}  // namespace unroll
