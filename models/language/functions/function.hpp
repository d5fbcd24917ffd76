#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/ops.hpp"
#include "models/language/type.hpp"

namespace unroll {

/// What a function of the equation language is given when it is checked: its operands' types, those that are
/// sizes also as such, and a solver to unify them.
struct FunctionArgs {
  std::span<const Type> types;
  std::span<const std::optional<Size>> extents;
  std::optional<int> axis;
  SizeSolver& sizes;
};

/// How gradients are declared, instead of following from the value.
struct GradientHooks {
  /// The value as a constant: stop_gradient where nothing is said.
  std::function<Var(Var)> stop = {};
  /// Somebody says that `slope` is the derivative of `value` with respect to `of`.
  std::function<void(Span at, Var value, Var of, Var slope)> declared = {};
};

/// What it is given when it is recorded. A value is (B, shape...), or (shape...) when it depends on
/// parameters alone; a number of a batch is (B, 1). Operands that are known when the cell is made are in
/// `numbers`, too.
struct FunctionCall {
  std::span<const Var> values;
  std::span<const Type> types;
  std::span<const double> numbers;
  std::optional<int> axis;
  const GradientHooks& gradient;
  Span at;

  Var stopped(Var v) const { return gradient.stop ? gradient.stop(v) : stop_gradient(v); }
};

/// A function of the equation language.
struct Function {
  static constexpr std::size_t any_number = 1000;

  std::string name;
  std::size_t least, most;  ///< operands
  bool axis = false;        ///< takes axis=
  std::string signature;    ///< "sum(v), sum(A, axis=0)"
  std::string summary;
  std::string example;  ///< an equation
  /// The type of the result. Throws TypeError for operands that do not fit.
  std::function<Type(const FunctionArgs&)> type;
  std::function<Var(const FunctionCall&)> record;
  /// Every element of the result is made of the operands' elements at the same place.
  bool elementwise = false;
  bool chooses = false;     ///< the first operand says which of the two others counts
  std::string pole = {};    ///< where its value or derivative is not finite, if anywhere
  bool declares = false;    ///< its gradient is not that of its value
  bool rearranges = false;  ///< as many elements as its first operand has
  bool squares = false;     ///< is recorded with a matrix of n times n for a vector of n
};

/// The functions that a cell's equations may call.
class FunctionTable {
 public:
  explicit FunctionTable(std::vector<Function> functions) : functions_(std::move(functions)) {}

  /// σ is sigmoid. Null when there is none.
  const Function* find(std::string_view name) const;
  std::vector<std::string> names() const;
  std::span<const Function> all() const { return functions_; }

 private:
  std::vector<Function> functions_;
};

/// All of them: elementwise ones, those of vectors and matrices, and those that change a shape.
const FunctionTable& standard_functions();

std::vector<Function> elementwise_functions();
std::vector<Function> reductions();
std::vector<Function> matrix_functions();
std::vector<Function> shape_functions();

/// What holds of a value that is made of all the operands.
Type joined(const FunctionArgs& args, std::vector<Size> shape);
/// Throws TypeError unless operand `i` has that rank.
void require_rank(const FunctionArgs& args, std::size_t i, std::size_t rank, std::string_view function);

}  // namespace unroll
