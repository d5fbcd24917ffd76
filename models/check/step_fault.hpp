#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/tensor/tensor.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

/// What one step of a cell is given in a run, in the run's precision. Its noise is 0.
struct StepAt {
  std::vector<Tensor<float>> parameters;      ///< in the order of the cell's
  Tensor<float> x;                            ///< (B, inputs)
  Tensor<float> context = {}, feedback = {};  ///< (B, size), of a cell that reads them
  std::vector<Tensor<float>> before;          ///< (B, shape...) of each state
  /// Gradients with respect to the states after it; none: the step alone is looked at.
  std::vector<Tensor<float>> e = {};
};

/// Where a step first makes a value that is not finite of ones that are, or a gradient on its way back.
struct StepFault {
  std::string equation;  ///< "h' = tanh(U h + sqrt(b))"
  std::string part;      ///< of it: "sqrt(b)"
  bool backward;         ///< its derivative, not its value
  struct Operand {
    std::string name;
    double low, high;
  };
  std::vector<Operand> operands;  ///< all that the equation names, but what is a number of the cell's own

  /// "sqrt(b) in h' = tanh(U h + sqrt(b)), where U lies in [-0.3, 0.4], ..."
  std::string text() const;
};

/// None: this step, at these values, makes no such value, or none with respect to what is given.
std::optional<StepFault> find_step_fault(const EquationCell& cell, const StepAt& at);

}  // namespace unroll
