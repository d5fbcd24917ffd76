#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/autodiff/ops.hpp"
#include "tests/framework/autodiff/reference.hpp"

/// The cases of the conformance suite: for every row of the op table some ways to use it, each with a
/// reference of its own. A new row needs a case here and nothing else.
namespace unroll::conformance {

/// How an operand gets its values.
enum class Draw {
  domain,    ///< from the row's domain; the gradient with respect to it is checked
  dominant,  ///< the same, a square matrix that is far from singular
  bit,       ///< 0 or 1; not differentiated
  index      ///< an integer in [0, limit)
};

struct Operand {
  Dims dims;
  Draw draw = Draw::domain;
  std::int64_t limit = 0;

  bool differentiable() const { return draw == Draw::domain || draw == Draw::dominant; }
};

inline Operand index_operand(Dims dims, std::int64_t limit) { return {std::move(dims), Draw::index, limit}; }

using RecordFunction = std::function<Var(const std::vector<Var>&)>;
/// Indices arrive as numbers.
using ReferenceFunction = std::function<Array(const std::vector<Array>&)>;

/// What the result does when all of the first operand is shifted by one number. Derivatives stay as they are
/// in both of the latter.
enum class Shift {
  changes,  ///< nothing in general
  ignores,  ///< it stays as it is
  follows   ///< it is shifted by the same number
};

struct OpCase {
  std::string op;  ///< name of the row; of the function, for what is composed of several rows
  std::string label;
  std::vector<Operand> operands;
  RecordFunction record;
  ReferenceFunction reference;
  /// A NaN or infinity in an operand gives, element by element, the same class of result as in the reference.
  bool passes_special_values = true;
  /// The sign of a zero in the result is defined.
  bool zero_sign = true;
  std::optional<Domain> domain = {};  ///< where it is not the row's
  Shift shift = Shift::changes;
};

std::vector<OpCase> elementwise_cases();
std::vector<OpCase> reduction_cases();
std::vector<OpCase> product_cases();
std::vector<OpCase> solve_cases();
std::vector<OpCase> shaping_cases();
std::vector<OpCase> indexing_cases();
std::vector<OpCase> random_cases();

/// All of the above: each records the row that it names.
std::vector<OpCase> op_cases();
/// Functions of ops.hpp that are composed of several rows.
std::vector<OpCase> composed_cases();
/// Both.
std::vector<OpCase> all_cases();

/// The row of that name; nullptr where there is none.
const Op* find_row(std::string_view name);

/// Whether no operand of the row has a gradient, by decision.
inline bool always_constant(const Op& row) {
  for (std::size_t i = 0; i < row.operands.size(); ++i)
    if (!row.constant(i)) return false;
  return !row.source();
}

/// "(2, 3) (3)".
inline std::string shapes_text(const std::vector<Operand>& operands) {
  std::string text;
  for (const Operand& operand : operands) text += (text.empty() ? "" : " ") + to_string(operand.dims);
  return text;
}

}  // namespace unroll::conformance
