#pragma once

#include "models/language/grammar.hpp"
#include "models/language/syntax.hpp"

namespace unroll {

/// Expressions are nested less deeply than this: they are followed by recursive functions, whose stack stays
/// small.
inline constexpr std::size_t deepest_nesting = 200;

/// Where it stands in the source.
inline Span span_of(const grammar::Node& node) { return {node.begin().byte, node.end().byte}; }

/// A cell from its parse tree, by the rules of grammar.hpp. Throws EquationError.
CellSyntax build_syntax(const Source& source, const grammar::Node& root);

/// The same of the node of an expression.
Expression build_expression(const Source& source, const grammar::Node& node);

}  // namespace unroll
