#pragma once

#include <map>
#include <set>

#include "models/check/check_point.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

/// One step of a cell on a tape of its own, with everything that its equations go through.
class StepProbe {
 public:
  StepProbe(const EquationCell& cell, std::int64_t input_size);

  /// A part of an equation and what it was recorded as.
  struct Part {
    const CellDefinition::Equation* equation;
    const Term* term;
    Var value;
  };
  /// What somebody declared as a derivative, and what it is the derivative of.
  struct Declared {
    Span at;
    Var value, of, slope;
  };

  /// Where a value that is not finite is first made of ones that are, at a point, in words; empty where there
  /// is none. At a start its derivatives count, too.
  std::string fault(const GradcheckPoint& point, bool derivatives);
  /// A random point, and the values that what equations name has there, by name, "h" or "h'".
  struct Drawn {
    GradcheckPoint point;
    std::map<std::string, Tensor<double>> named;
  };
  const Drawn& draw(std::uint64_t seed);

  Tape tape;
  CheckInputs inputs;
  CellStep step;
  std::vector<Part> parts;
  std::vector<Declared> declared;

 private:
  std::vector<Var> operands_of(const Part& part) const;
  std::string described(const Part& part, std::string_view what,
                        const std::map<Var, Tensor<double>>& values) const;

  const EquationCell& cell_;
  std::map<const Term*, Var> recorded_;
  std::map<std::string, Var> named_;
  std::map<std::uint64_t, Drawn> drawn_;
};

}  // namespace unroll
