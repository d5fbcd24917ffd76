#include "models/step_reverse.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

/// Values of a tape that depend on one of `given`.
std::vector<bool> dependent_on(const Tape& tape, const std::vector<Var>& given) {
  std::vector<bool> seeds(tape.values().size(), false);
  for (const Var& v : given) seeds[static_cast<std::size_t>(v.id())] = true;
  return depends_on(tape, std::move(seeds));
}

}  // namespace

std::vector<Var> pulled_back(const std::vector<Var>& before, const std::vector<Var>& after,
                             const std::vector<Var>& cotangents, const std::vector<Var>& held) {
  Tape& tape = before.at(0).tape();
  const std::vector<bool> constant = held.empty() ? std::vector<bool>{} : dependent_on(tape, held);
  const auto value = [&](ValueId id) {
    const Var v(tape, id);
    const bool real = tape.value(id).kind == Kind::real;
    const auto at = static_cast<std::size_t>(id);
    return real && at < constant.size() && constant[at] ? stop_gradient(v) : v;
  };
  ReversePass pass(tape, tape, dependent_on(tape, before), value);
  for (std::size_t k = 0; k < after.size(); ++k) pass.contribute(after[k].id(), cotangents[k]);
  pass.run();
  std::vector<Var> all;
  for (const Var& v : before) {
    const std::optional<Var> g = pass.cotangent(v.id());
    all.push_back(g ? *g : tape.zeros(v.dims()));
  }
  return all;
}

}  // namespace unroll
