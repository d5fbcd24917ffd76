#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "models/language/type.hpp"

namespace unroll {

/// What a function of the equation language is given when it is checked: its operands' types, and a solver to
/// unify their sizes.
struct FunctionArgs {
  std::span<const Type> types;
  SizeSolver& sizes;
};

/// A function of the equation language. A value is (B, shape...), or (shape...) when it depends on parameters
/// alone.
struct Function {
  static constexpr std::size_t any_arity = 0;

  std::string name;
  std::size_t arity;
  std::string summary;
  /// The type of the result. Throws TypeError for operands that do not fit.
  std::function<Type(const FunctionArgs&)> type;
  std::function<Var(const std::vector<Var>&, std::span<const Type>)> record;
};

/// The functions that a cell's equations may call.
class FunctionTable {
 public:
  explicit FunctionTable(std::vector<Function> functions) : functions_(std::move(functions)) {}

  /// `act` and its synonyms included; σ is sigmoid. Null when there is none.
  const Function* find(std::string_view name) const;
  std::vector<std::string> names() const;
  std::span<const Function> all() const { return functions_; }

 private:
  std::vector<Function> functions_;
};

/// Every elementwise row of the op table by its name, and those of vectors and matrices.
const FunctionTable& standard_functions();

/// An elementwise function of an op, for tables of one's own.
Function elementwise_function(const Op& op);

}  // namespace unroll
