#include <algorithm>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/random/stream.hpp"
#include "models/check/check_point.hpp"
#include "models/check/checks.hpp"

namespace unroll {
namespace {

/// One number that depends on all states at all steps.
Var value_of(const std::vector<Var>& trajectories) {
  Var value;
  for (const Var& h : trajectories) {
    const Var part = sum(sin(h));
    value = value.valid() ? value + part : part;
  }
  return value;
}

/// What one step is given; `at` takes it out of what all steps are.
template <class At>
StepInputs step_inputs(const CheckInputs& inputs, const std::vector<Var>& state, const At& at) {
  return {.x = at(inputs.x),
          .state = state,
          .noise = at(inputs.noise),
          .context = at(inputs.context),
          .feedback = at(inputs.feedback)};
}

/// The cell over T steps as training has it.
struct Scan {
  Scan(const Cell& cell, std::int64_t input_size)
      : inputs(tape, cell, input_size, sizes::T), wrt(inputs.variables()) {
    std::vector<Var> given;
    for (const Var& v : {inputs.x, inputs.noise, inputs.context, inputs.feedback})
      if (v.valid()) given.push_back(v);
    const Scanned scanned = scan(
        [&](const std::vector<Var>& slices, const std::vector<Var>& state) {
          const auto at = [&](Var all) {
            return all.valid()
                       ? slices[static_cast<std::size_t>(std::ranges::find(given, all) - given.begin())]
                       : Var{};
          };
          return Step{cell.step(inputs.p, step_inputs(inputs, state, at)).state};
        },
        given, inputs.initial);
    value = value_of(scanned.state_trajectory);
  }
  GradcheckPoint draw(std::uint64_t seed) const { return inputs.draw(seed); }

  Tape tape;
  CheckInputs inputs;
  std::vector<Var> wrt;
  Var value;
};

/// The same steps written one after the other, with inputs for all that gradients take for constants: what
/// the declared gradient is the gradient of, near one point.
struct Frozen {
  Frozen(const EquationCell& cell, std::int64_t input_size)
      : inputs(tape, cell, input_size, Dim(check_sizes.time)), wrt(inputs.variables()) {
    record(cell, [this](Var v) {
      constants.push_back(v);
      return stop_gradient(v);
    });
    value = record(cell, [this](Var v) {
      frozen.push_back(tape.input("constant", v.dims()));
      return frozen.back();
    });
  }

  GradcheckPoint draw(std::uint64_t seed) const {
    GradcheckPoint point = inputs.draw(seed);
    if (constants.empty()) return point;
    const std::vector<Tensor<double>> values = values_at(tape, constants, point);
    for (std::size_t k = 0; k < frozen.size(); ++k) point.real[frozen[k]] = values[k];
    return point;
  }

  Var record(const EquationCell& cell, std::function<Var(Var)> stop) {
    EquationEvaluator::Hooks hooks;
    hooks.gradient.stop = std::move(stop);
    std::vector<Var> state = inputs.initial, trajectories;
    for (std::int64_t t = 0; t < check_sizes.time; ++t) {
      const auto at = [t](Var all) {
        if (!all.valid()) return all;
        const Dims& dims = all.dims();
        return reshape(slice(all, 0, t, 1), {dims[1], dims[2]});
      };
      state = cell.step(inputs.p, step_inputs(inputs, state, at), hooks).state;
      trajectories.insert(trajectories.end(), state.begin(), state.end());
    }
    return value_of(trajectories);
  }

  Tape tape;
  CheckInputs inputs;
  std::vector<Var> wrt, constants, frozen;
  Var value;
};

template <class Net>
CellCheck check_first(Net net, std::uint64_t seed) {
  return compare(
      "the whole cell over 4 steps", net.value, net.wrt, [&](std::uint64_t s) { return net.draw(s); }, seed);
}

/// The sum over `of` of each times a fixed random direction.
Var along_random(const std::vector<Var>& of, std::uint32_t which, std::uint64_t seed) {
  Stream stream(seed, Purpose::check, {which});
  Tape& tape = of[0].tape();
  Var total = tape.zeros({});
  for (const Var& g : of) {
    Tensor<double> direction(resolve(g.dims(), check_sizes));
    for (double& x : direction.span()) x = stream.normal();
    total = total + sum(g * tape.constant(direction));
  }
  return total;
}

/// Of nothing there are no second derivatives: a cell without parameters is checked by its inputs.
template <class Net>
const std::vector<Var>& parameters_of(const Net& net) {
  return net.inputs.p.all().empty() ? net.wrt : net.inputs.p.all();
}

template <class Net>
CellCheck check_second(Net net, std::uint64_t seed) {
  const std::vector<Var>& parameters = parameters_of(net);
  const Var product = along_random(gradients(net.value, parameters), 8, seed);
  return compare("second derivatives", product, parameters, [&](std::uint64_t s) { return net.draw(s); },
                 seed, {.jacobian_elements = 0, .projections = 4});
}

/// u (J v), where J v is the derivative of the reverse pass J^T u with respect to u, along v.
template <class Net>
CellCheck check_forward_product(Net net, std::uint64_t seed) {
  const Var u = net.tape.input("u", {});
  const Var along = along_random(gradients(net.value * u, parameters_of(net)), 9, seed);
  const Var pushed = gradients(along, {u})[0];
  GradcheckPoint point = net.draw(seed);
  point.real[u] = Tensor<double>(Shape{}, 0.7);
  const auto both = values_at(net.tape, {along, pushed * u}, point);
  return agreement("forward product u (J v) = (J^T u) v", {both[0]}, {both[1]}, 1e-10);
}

CellCheck check_planner(Scan net, std::uint64_t seed) {
  std::vector<Var> outputs = gradients(net.value, net.wrt);
  outputs.push_back(net.value);
  const GradcheckPoint point = net.draw(seed);
  return agreement("the planner's passes change nothing", values_at(net.tape, outputs, point),
                   values_at(net.tape, outputs, point, PlanOptions::as_recorded()), 1e-9);
}

/// What training follows is the gradient that is declared.
CellCheck check_declared(Scan net, Frozen frozen, std::uint64_t seed) {
  return agreement("the declared gradient over 4 steps",
                   values_at(net.tape, gradients(net.value, net.wrt), net.draw(seed)),
                   values_at(frozen.tape, gradients(frozen.value, frozen.wrt), frozen.draw(seed)), 1e-10);
}

}  // namespace

std::vector<CellCheck> check_whole(const Cell& cell, std::int64_t input_size, std::uint64_t seed) {
  const auto scanned = [&] { return Scan(cell, input_size); };
  const auto* equations = dynamic_cast<const EquationCell*>(&cell);
  const auto frozen = [&] { return Frozen(*equations, input_size); };
  if (!equations || !equations->definition().declares_gradients())
    return {check_first(scanned(), seed), check_second(scanned(), seed),
            check_forward_product(scanned(), seed), check_planner(scanned(), seed)};
  return {check_first(frozen(), seed), check_second(frozen(), seed), check_forward_product(frozen(), seed),
          check_declared(scanned(), frozen(), seed), check_planner(scanned(), seed)};
}

}  // namespace unroll
