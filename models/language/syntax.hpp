#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/language/source.hpp"

namespace unroll {

/// What is written, as a tree. Operands are in the order of the text.
struct Expression {
  enum class Kind {
    number,
    name,  ///< of a value; `next` where it is followed by a prime
    negate,
    add,
    subtract,
    multiply,  ///< elementwise
    divide,
    power,
    product,  ///< juxtaposition: a matrix and what it is applied to
    call,     ///< of the function `name`
  };
  Kind kind;
  Span at;
  double number = 0;
  std::string name = {};
  bool next = false;
  std::vector<Expression> operands = {};
};

/// state NAME, ... [: SHAPE] [= START]
struct StateStatement {
  std::string name;
  Span at;
  std::optional<std::vector<Expression>> shape;  ///< extents
  std::optional<Expression> start;               ///< zero without; the name `learned` is a parameter
};

/// const NAME = VALUE
struct ConstStatement {
  std::string name;
  Span at;
  Expression value;
};

/// A call of an initialiser, with numbers as arguments.
struct InitCall {
  std::string name;
  Span at;
  std::vector<Expression> arguments;
};

/// param NAME, ... [: SHAPE] [diagonal | skew | orthogonal | low_rank(R)] [init ...] [in [LOW, HIGH]] [fixed]
struct ParameterStatement {
  enum class Structure { dense, diagonal, skew, orthogonal, low_rank };
  std::string name;
  Span at;
  std::optional<std::vector<Expression>> shape;
  Structure structure = Structure::dense;
  std::optional<Expression> rank = std::nullopt;  ///< low_rank
  std::optional<InitCall> init = std::nullopt;
  std::vector<Expression> bounds = {};  ///< none, or two
  bool fixed = false;
};

/// pytorch NAME = PARAMETER | 0, ...
struct PyTorchStatement {
  struct Part {
    std::string name;  ///< empty: 0
    Span at;
  };
  std::string name;
  Span at;
  std::vector<Part> parts;
};

/// NAME = VALUE, or NAME' = VALUE for a state after the step.
struct Equation {
  std::string name;
  bool next;
  Span at;  ///< of the name
  Expression value;
};

/// A cell's text, parsed.
struct CellSyntax {
  std::string name;
  Span at;
  std::string note;  ///< the comment on the line of `cell`: where it was published
  std::vector<ConstStatement> constants;
  std::vector<StateStatement> states;
  std::vector<ParameterStatement> parameters;
  std::vector<PyTorchStatement> pytorch;
  std::vector<Equation> equations;
};

/// The cell again, one statement per line, with every parenthesis and without comments and names for files:
/// texts that mean the same computation give the same one.
std::string canonical_text(const CellSyntax& cell);

class FunctionTable;

/// Parses a cell's text by the grammar in grammar.hpp. `NAME(` is a call when `functions` has NAME, and a
/// product with a parenthesis otherwise. Throws EquationError.
CellSyntax parse_cell(const Source& source, const FunctionTable& functions);

}  // namespace unroll
