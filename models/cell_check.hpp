#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/cell.hpp"

namespace unroll {

/// One thing that was checked about a cell.
struct CellCheck {
  std::string what;  ///< "f = sigmoid(W_f x + U_f h + b_f)", "the whole cell, second derivatives"
  bool ok = true;
  double worst = 0;          ///< the largest relative error
  std::string details = {};  ///< where it fails: the table of offenders
};

/// Checks a cell in double, with parameters near their start, on a batch of two sequences:
///
/// * every value is finite at the first step, with states where they start, and so is every derivative; what
///   is not is named, with the equation, and nothing else is checked;
/// * each equation alone, at values that its names have in the cell: the reverse pass against central
///   differences with step halving (gradcheck);
/// * the cell over four steps: the same for all parameters, the inputs and the initial states;
/// * second derivatives: the reverse pass of the reverse pass against central differences;
/// * the forward product J v, made of two reverse passes, against u: u (J v) = (J^T u) v;
/// * the planner: with all its passes and with none the same values.
///
/// What stop_gradient and surrogate take for constants is held constant in differences, too: they see the
/// gradient that is declared, and it is checked that training follows the same one.
///
/// Throws std::invalid_argument for a cell with a parameter of more than 10 million elements. Inputs are
/// redrawn, a few times, where one lies too near to a kink for differences to mean anything.
std::vector<CellCheck> check_cell(const Cell& cell, std::int64_t input_size, std::uint64_t seed = 1);

/// Sizes to check a cell at: small ones, where differences are quick, that the cell allows, and otherwise
/// those of `options`. `make` throws std::invalid_argument for sizes that it does not.
CellOptions small_sizes(const std::function<std::unique_ptr<Cell>(const CellOptions&)>& make,
                        const CellOptions& options);

bool all_ok(const std::vector<CellCheck>& checks);
/// The checks that failed with their offenders, or one line.
std::string to_text(const std::vector<CellCheck>& checks, std::string_view cell);

}  // namespace unroll
