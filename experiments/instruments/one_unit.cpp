#include "experiments/instruments/one_unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/laboratory.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/taught_task.hpp"

namespace unroll {
namespace {

constexpr std::int64_t steps_to_rest = 2000;
/// Beyond what a squashing function gives, where a linear unit is still small enough.
constexpr double far = 10;
/// At the weight at which one attractor becomes two both are still this far apart after those steps.
constexpr double apart = 0.1;

std::vector<ParameterSpec> specs_of(const Laboratory& laboratory, const Config& config) {
  const auto task = task_for(laboratory, config);
  return make_model(laboratory.cells(), config, sizes_of(task->spec())).parameters();
}

std::string one_state(const Laboratory& laboratory, const Config& config) {
  const auto task = task_for(laboratory, config);
  const std::vector<StateSpec> states =
      make_model(laboratory.cells(), config, sizes_of(task->spec())).states();
  if (states.size() == 1 && states[0].shape.numel() == 1 && !states[0].counts) return "";
  std::int64_t numbers = 0;
  for (const StateSpec& state : states) numbers += state.shape.numel();
  return fmt::format(
      "the model has {} numbers in its states; expected one, of one unit: model.hidden = 1 and a cell with "
      "one "
      "state",
      numbers);
}

Attractors::Orbit orbit_from(StateMap& map, double start) {
  const StepInput nothing = map.no_input(1);
  StateMap::Point point{Tensor<double>({1, 1}, start)};
  for (std::int64_t t = 0; t < steps_to_rest; ++t) point = map.next(point, nothing);
  return {point.s[0], map.next(point, nothing).s[0]};
}

bool differ(double a, double b) { return !(std::abs(a - b) <= apart); }

}  // namespace

std::optional<std::size_t> own_weight(const std::vector<ParameterSpec>& specs) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].shape.numel() == 1 && (specs[i].role == Role::recurrent_matrix || specs[i].name == "w"))
      return i;
  return std::nullopt;
}

std::optional<std::size_t> own_bias(const std::vector<ParameterSpec>& specs) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].shape.numel() == 1 && specs[i].role == Role::bias && specs[i].name.starts_with('b'))
      return i;
  return std::nullopt;
}

std::string needs_own_weight(const Laboratory& laboratory, const Config& config) {
  if (const std::string why = one_state(laboratory, config); !why.empty()) return why;
  if (own_weight(specs_of(laboratory, config))) return "";
  return "the cell has no recurrent matrix of one element and no w by which its unit sees itself";
}

std::string needs_weight_and_bias(const Laboratory& laboratory, const Config& config) {
  if (const std::string why = needs_own_weight(laboratory, config); !why.empty()) return why;
  if (own_bias(specs_of(laboratory, config))) return "";
  return "the cell's unit has no bias, a parameter of one number whose name begins with b";
}

std::vector<double> grid(double least, double most, std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(least + (most - least) * static_cast<double>(i) / static_cast<double>(count - 1));
  return values;
}

bool Attractors::two() const {
  // An orbit of two points is one attractor, wherever it is met.
  return differ(std::min(below.even, below.odd), std::min(above.even, above.odd)) ||
         differ(std::max(below.even, below.odd), std::max(above.even, above.odd));
}

Attractors attractors_of(StateMap& map) { return {orbit_from(map, -far), orbit_from(map, far)}; }

}  // namespace unroll
