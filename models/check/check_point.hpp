#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_check.hpp"

namespace unroll {

/// T and B of all checks.
inline constexpr Sizes check_sizes = {.time = 4, .batch = 2};

/// What a cell is given, as inputs of a tape: (B, ...) or, of several steps, (steps, B, ...).
struct CheckInputs {
  CheckInputs(Tape& tape, const Cell& cell, std::int64_t input_size, std::optional<Dim> steps = std::nullopt);

  /// Random parameters near their start, inputs, noise and states; where states count steps, 0 and 5.
  GradcheckPoint draw(std::uint64_t seed) const;
  /// Parameters and states exactly where training begins.
  GradcheckPoint start(std::uint64_t seed) const;
  /// What there are derivatives by.
  std::vector<Var> variables() const;

  std::vector<ParameterSpec> specs;
  std::vector<StateSpec> states;
  Parameters p;
  Var x, noise, context, feedback;
  std::vector<Var> initial;
};

/// Runs a plan of `outputs` at a point.
std::vector<Tensor<double>> values_at(const Tape& tape, const std::vector<Var>& outputs,
                                      const GradcheckPoint& point, const PlanOptions& options = {});

/// `output` by `wrt` against differences, redrawn while it disagrees: a kink is met by chance, a wrong
/// derivative always.
CellCheck compare(std::string what, Var output, const std::vector<Var>& wrt,
                  const std::function<GradcheckPoint(std::uint64_t)>& draw, std::uint64_t seed,
                  GradcheckOptions options = {});

/// Whether two ways to compute the same agree to `limit`.
CellCheck agreement(std::string what, const std::vector<Tensor<double>>& a,
                    const std::vector<Tensor<double>>& b, double limit);

}  // namespace unroll
