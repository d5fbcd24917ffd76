#pragma once

#include <map>
#include <string>
#include <string_view>

namespace unroll::test {

/// Constants for a cell of the table in a test of a few units, where its own would make it large.
inline std::map<std::string, double> small_constants(std::string_view cell) {
  if (cell == "scrn") return {{"context", 2}};
  return {};
}

}  // namespace unroll::test
