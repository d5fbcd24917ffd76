#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/language/array_file.hpp"
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
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    product,    ///< juxtaposition: a matrix and what it is applied to
    call,       ///< of the function `name`
    subscript,  ///< of the first operand, by one `range` for each axis
    range,      ///< begin and end, one index alone, or nothing: all
    file,       ///< the array that a file("...") names, by `name`
  };
  Kind kind;
  Span at;
  double number = 0;
  std::string name = {};
  bool next = false;
  std::optional<int> axis = std::nullopt;                   ///< of a call: axis=0 or axis=1
  bool has_begin = false, has_end = false, single = false;  ///< of a range: what of BEGIN:END is written
  std::vector<Expression> operands = {};
};

/// state NAME, ... [: SHAPE] [= START]
struct StateStatement {
  std::string name;
  Span at;
  std::optional<std::vector<Expression>> shape;  ///< extents
  std::optional<Expression> start;               ///< zero without; the name `learned` is a parameter
};

/// const NAME [: SHAPE] = VALUE
struct ConstStatement {
  std::string name;
  Span at;
  std::optional<std::vector<Expression>> shape;  ///< of an array, whose elements have the indices i and j
  Expression value;
};

/// def NAME(NAME, ...) = VALUE
struct DefStatement {
  std::string name;
  Span at;
  std::vector<std::string> parameters;
  Expression value;
};

/// input NAME: a second input; feedback NAME: the outputs after the step before.
struct GivenStatement {
  std::string name;
  Span at;
};

/// A call of an initialiser, with numbers as arguments; of `file`, with the file's.
struct InitCall {
  std::string name;
  Span at;
  std::vector<Expression> arguments;

  bool from_file() const { return !arguments.empty() && arguments[0].kind == Expression::Kind::file; }
};

/// param NAME, ... [: SHAPE] [STRUCTURE] [init ...] [in [LOW, HIGH]] [rate R] [fixed]
struct ParameterStatement {
  enum class Structure { dense, diagonal, skew, orthogonal, orthogonal_exp, low_rank, heads };
  std::string name;
  Span at;
  std::optional<std::vector<Expression>> shape;
  Structure structure = Structure::dense;
  std::optional<Expression> count = std::nullopt;  ///< the rank of low_rank, the number of heads
  std::optional<InitCall> init = std::nullopt;
  std::vector<Expression> bounds = {};  ///< none, or two
  std::optional<Expression> rate = std::nullopt;
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

/// repeat COUNT { EQUATIONS }: those from `begin` to before `end` of the cell's.
struct RepeatStatement {
  Expression count;
  Span at;
  std::size_t begin = 0, end = 0;
};

/// A cell's text, parsed.
struct CellSyntax {
  std::string name;
  Span at;
  std::string note;  ///< the comment on the line of `cell`: where it was published
  std::vector<ConstStatement> constants;
  std::optional<GivenStatement> context, feedback;
  std::vector<DefStatement> definitions;
  std::vector<StateStatement> states;
  std::vector<ParameterStatement> parameters;
  std::vector<PyTorchStatement> pytorch;
  std::vector<Equation> equations;
  std::vector<RepeatStatement> repeats;
};

/// The cell again, one statement per line, with every parenthesis, without comments, and with what is in its
/// files instead of their names: texts that mean the same computation give the same one.
std::string canonical_text(const CellSyntax& cell, const FileArrays& files);

/// Where it names files: file("...") of constants and of parameters' starts.
std::vector<Expression> file_references(const CellSyntax& cell);

class FunctionTable;

/// Parses a cell's text by the grammar in grammar.hpp. `NAME(` is a call when `functions` or a line `def` has
/// NAME, and a product with a parenthesis otherwise. Throws EquationError.
CellSyntax parse_cell(const Source& source, const FunctionTable& functions);

}  // namespace unroll
