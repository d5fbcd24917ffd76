#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/language/array_file.hpp"
#include "models/language/functions/function.hpp"
#include "models/language/syntax.hpp"
#include "models/language/type.hpp"

namespace unroll {

/// An expression whose names and shapes are settled.
struct Term {
  Expression::Kind kind;
  Type type;
  Span at;
  double number = 0;
  std::string name = {};
  bool next = false;
  const Function* function = nullptr;  ///< of a call; null for `act`, which the cell's options give
  std::optional<int> axis = std::nullopt;
  /// Of a call of a `def`: unique names of what it is given, all operands but the last, which is its value.
  std::vector<std::string> bound = {};
  /// Of a subscript, for each axis: so many elements from `begin` on; of one alone the axis goes.
  struct Cut {
    Size begin, length;
    bool drops = false;
  };
  std::vector<Cut> cuts = {};
  std::vector<Term> operands = {};
};

/// A cell's text with everything inferred: what parameters there are, and the shape of every value, with
/// extents by name. The same for every number of units.
struct CellDefinition {
  struct Constant {
    std::string name;
    Expression value;           ///< of a number
    std::optional<Term> array;  ///< of an array: its elements, from the indices i and j, or a file
  };
  struct State {
    std::string name;
    std::vector<Size> shape;
    std::optional<Expression> start;
    bool learned = false;
  };
  struct Parameter {
    ParameterStatement statement;  ///< a declared one's; otherwise its name
    std::vector<Size> shape;       ///< as the equations see it
    bool inferred = true;
    bool applied_to_state = false;  ///< multiplies what depends on a state before the step
  };
  struct Equation {
    std::string name;
    bool next = false;
    Span at;
    Term value;
  };
  /// Equations that are done `count` times, from `begin` to before `end`.
  struct Repeat {
    Expression count;
    std::size_t begin, end;
    std::vector<std::string> carried;  ///< values from before that they replace
  };
  /// A tensor of PyTorch's layer of this cell: parameters stacked along the first axis.
  struct PyTorchTensor {
    std::string name;  ///< "weight_ih"
    /// Empty: the second part of a sum, whose first is at the same place of the tensor before. PyTorch has
    /// two biases where the equations have their sum.
    std::vector<std::string> parts;
  };

  Source source;
  std::string name = {};
  std::string note = {};
  std::string canonical = {};  ///< the text without comments and blanks: cells that share it are the same
  FileArrays files = {};       ///< what file("...") names, by what it calls it
  std::string context = {};    ///< the name of its second input; empty: it has none
  std::string feedback = {};   ///< the name of the outputs after the step before; empty: it reads none
  std::vector<Constant> constants = {};
  std::vector<State> states = {};
  std::vector<Parameter> parameters = {};  ///< in the order of their first use
  std::vector<Equation> equations = {};
  std::vector<Repeat> repeats = {};
  std::vector<PyTorchTensor> pytorch = {};  ///< none, or every parameter once
  bool uses_activation = false;
  bool reads_input = false;   ///< whether any state depends on x
  bool counts_steps = false;  ///< `step` or `first` is used
  bool noisy = false;         ///< `noise` or `training_noise` is used

  const Parameter* find_parameter(std::string_view wanted) const;
  const State* find_state(std::string_view wanted) const;
  const Equation* find_equation(std::string_view wanted, bool next) const;
  const Constant* find_constant(std::string_view wanted) const;
  /// Whether its gradient is not that of its equations: stop_gradient or surrogate is used.
  bool declares_gradients() const;
  /// What is to be said of that, wherever the cell is: empty where it does not.
  std::string_view gradient_note() const;
  /// Whether a block of `repeat` sets it.
  bool is_repeated(std::string_view wanted) const;
  /// The text that the cell can be made of again, anywhere: with the numbers of its files behind it.
  std::string whole_text() const;
  /// "h' = (1 - f) * h + f * g".
  std::string text(const Equation& equation) const;
};

/// Reads and checks a cell's text. Throws EquationError with line, column, the line itself, and what would be
/// right: for syntax, unknown names (with the nearest known one), shapes that conflict (both, and where each
/// came from), a state without a next value, a value used before it is defined, a name defined twice, a
/// declaration that nothing uses, a file whose numbers are not in the text (models/language/array_file.hpp).
std::shared_ptr<const CellDefinition> define_cell(std::string source_name, std::string_view text,
                                                  const FunctionTable& functions = standard_functions());

/// How a settled cell's parameters stand in PyTorch's tensors. Throws EquationError for a part that is no
/// parameter, stands twice or is not stored as it is, a parameter that is in no tensor, parts that cannot be
/// stacked, and a 0 without its other half.
std::vector<CellDefinition::PyTorchTensor> pytorch_tensors(const CellDefinition& cell,
                                                           std::span<const PyTorchStatement> statements);

/// The number that an expression of constants and sizes has. `lookup` gives the value of a name, or nothing.
/// Throws EquationError.
double constant_value(const Expression& e, const Source& source,
                      const std::function<std::optional<double>(std::string_view)>& lookup);

/// The same as a size. Throws EquationError for what is not made of names and whole numbers by sums, products
/// and quotients.
Size size_of(const Expression& e, const Source& source, const std::function<bool(std::string_view)>& is_size);

}  // namespace unroll
