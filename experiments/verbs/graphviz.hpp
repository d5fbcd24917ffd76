#pragma once

#include <string>

namespace unroll {

/// What Graphviz's `dot -Tsvg` makes of a graph. Throws ConfigError, with how to install it, where it is not
/// there.
std::string svg_of(const std::string& dot);

}  // namespace unroll
