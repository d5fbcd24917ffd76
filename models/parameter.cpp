#include "models/parameter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace unroll {

std::int64_t trained_numbers(std::span<const ParameterSpec> specs) {
  std::int64_t count = 0;
  for (const ParameterSpec& spec : specs)
    if (spec.trained) count += spec.shape.numel();
  return count;
}

Parameters::Parameters(Tape& tape, std::span<const ParameterSpec> specs) {
  for (const ParameterSpec& spec : specs) {
    if (std::find(names_.begin(), names_.end(), spec.name) != names_.end())
      throw std::invalid_argument(
          fmt::format("two parameters are named {}; each has a name of its own", spec.name));
    names_.push_back(spec.name);
    vars_.push_back(tape.input(spec.name, Dims(spec.shape.begin(), spec.shape.end())));
  }
}

Var Parameters::operator[](std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return vars_[i];
  throw std::invalid_argument(fmt::format("no parameter '{}'; there are {}", name, fmt::join(names_, ", ")));
}

Parameters Parameters::part(std::string_view prefix) const {
  Parameters found;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!names_[i].starts_with(prefix)) continue;
    found.names_.push_back(names_[i].substr(prefix.size()));
    found.vars_.push_back(vars_[i]);
  }
  return found;
}

}  // namespace unroll
