#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace unroll::test {

/// Constants for a cell of the table in a test of a few units, where its own would make it large.
inline std::map<std::string, double> small_constants(std::string_view cell) {
  static const std::map<std::string, std::map<std::string, double>, std::less<>> constants = {
      {"scrn", {{"context", 2}}},     {"lmu", {{"order", 4}}},       {"s4d", {{"n", 2}}},
      {"selective_ssm", {{"n", 2}}},  {"shallow_plrnn", {{"L", 3}}}, {"shallow_plrnn_clipped", {{"L", 3}}},
      {"clockwork", {{"groups", 2}}}, {"ctrnn", {{"sigma", 0}}}};  // two ways to run a net draw other noise
  const auto found = constants.find(cell);
  return found == constants.end() ? std::map<std::string, double>{} : found->second;
}

}  // namespace unroll::test
