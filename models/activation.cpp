#include "models/activation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace unroll {
namespace {

struct Row {
  std::string_view name;
  Activation function;
};

constexpr Row activation_rows[] = {
    {"tanh", tanh},
    {"relu", relu},
    {"sigmoid", sigmoid},
    {"identity", [](Var x) { return x; }},
};

}  // namespace

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const Row& row : activation_rows) names.emplace_back(row.name);
  return names;
}

Activation activation(std::string_view name) {
  for (const Row& row : activation_rows)
    if (row.name == name) return row.function;
  throw std::invalid_argument(
      fmt::format("unknown activation '{}'; known are {}", name, fmt::join(activation_names(), ", ")));
}

}  // namespace unroll
