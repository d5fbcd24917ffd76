#include "models/omega.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "framework/autodiff/ops.hpp"
#include "models/step_reverse.hpp"

namespace unroll {
namespace {

constexpr std::array<std::pair<std::string_view, OmegaPath>, 2> paths = {
    {{"weights", OmegaPath::weights}, {"step", OmegaPath::step}}};

/// Below it a gradient has no direction to speak of.
constexpr double least_square = 1e-20;

/// e J.
std::vector<Var> handed_back(const OmegaStep& step, OmegaPath path) {
  const std::vector<Var> nothing;
  return pulled_back(step.before, step.after, step.e, path == OmegaPath::weights ? step.given : nothing);
}

/// Of each row, over all of `values`: (B).
Var square_norms(const std::vector<Var>& values) {
  std::optional<Var> total;
  for (const Var& v : values) {
    Var squares = square(v);
    while (squares.rank() > 1) squares = sum(squares, -1);
    total = total ? *total + squares : squares;
  }
  return *total;
}

}  // namespace

std::vector<std::string> omega_path_names() {
  std::vector<std::string> names;
  for (const auto& [name, path] : paths) names.emplace_back(name);
  return names;
}

OmegaPath omega_path(std::string_view name) {
  for (const auto& [known, path] : paths)
    if (known == name) return path;
  throw std::invalid_argument(
      fmt::format("unknown path of Omega '{}'; known are {}", name, fmt::join(omega_path_names(), ", ")));
}

OmegaTerms omega_of_step(const OmegaStep& step, OmegaPath path) {
  Tape& tape = step.before.at(0).tape();
  const Var e = square_norms(step.e), v = square_norms(handed_back(step, path));
  const Var counted = greater_equal(e, tape.fill(least_square, {}));
  const Var ratio = v / where(counted, e, tape.fill(1, {}));
  return {where(counted, square(ratio - 1.0), tape.fill(0, {})), counted};
}

}  // namespace unroll
