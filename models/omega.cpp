#include "models/omega.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

constexpr std::array<std::pair<std::string_view, OmegaPath>, 2> paths = {
    {{"weights", OmegaPath::weights}, {"step", OmegaPath::step}}};

/// Below it a gradient has no direction to speak of.
constexpr double least_square = 1e-20;

/// Values of a tape that depend on one of `given`.
std::vector<bool> dependent_on(const Tape& tape, const std::vector<Var>& given) {
  std::vector<bool> seeds(tape.values().size(), false);
  for (const Var& v : given) seeds[static_cast<std::size_t>(v.id())] = true;
  return depends_on(tape, std::move(seeds));
}

/// e J: the gradients handed back to the states that the step read.
std::vector<Var> handed_back(const OmegaStep& step, OmegaPath path) {
  Tape& tape = step.before.at(0).tape();
  const std::vector<bool> held =
      path == OmegaPath::weights ? dependent_on(tape, step.given) : std::vector<bool>{};
  const auto value = [&](ValueId id) {
    const Var v(tape, id);
    const bool real = tape.value(id).kind == Kind::real;
    const auto at = static_cast<std::size_t>(id);
    return real && at < held.size() && held[at] ? stop_gradient(v) : v;
  };
  ReversePass pass(tape, tape, dependent_on(tape, step.before), value);
  for (std::size_t k = 0; k < step.after.size(); ++k) pass.contribute(step.after[k].id(), step.e[k]);
  pass.run();
  std::vector<Var> all;
  for (const Var& v : step.before) {
    const std::optional<Var> g = pass.cotangent(v.id());
    all.push_back(g ? *g : tape.zeros(v.dims()));
  }
  return all;
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
