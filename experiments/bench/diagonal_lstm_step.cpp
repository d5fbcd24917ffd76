#include "experiments/bench/diagonal_lstm_step.hpp"

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/rivals/diagonal_lstm.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/random/stream.hpp"

namespace unroll {

namespace {

constexpr std::int64_t units = diagonal_units;

/// Row `i` of the last but one axis, of entry `k` of the first axis where there are three.
Var row_of(Var values, std::int64_t i) { return reshape(slice(values, 0, i, 1), {units}); }
Var row_of(Var values, std::int64_t k, std::int64_t i) {
  return reshape(slice(slice(values, 0, k, 1), 1, i, 1), {units});
}

/// A layer's weights and biases, in the order f, i, o, g.
struct DiagonalLayer {
  Var w[4], b[4];

  DiagonalLayer(Var weights, std::int64_t k) {
    for (std::int64_t gate = 0; gate < 4; ++gate) {
      w[gate] = row_of(weights, k, gate);
      b[gate] = row_of(weights, k, 4 + gate);
    }
  }
  /// h and c, from what the layer sees and its states before.
  std::pair<Var, Var> step(Var v, Var h, Var c) const {
    const Var f = sigmoid(v * w[0] + b[0]), i = sigmoid(h * w[1] + b[1]);
    const Var o = sigmoid(v * w[2] + b[2]), g = tanh(h * w[3] + b[3]);
    const Var next = c * f + i * g;
    return {o * tanh(next), next};
  }
};

Tensor<double> drawn(const Shape& shape, std::uint32_t index, double (*draw)(Stream&)) {
  Stream stream(bench_seed, Purpose::training_data, {index});
  Tensor<double> tensor(shape);
  for (double& x : tensor.span()) x = draw(stream);
  return tensor;
}

double weight(Stream& stream) { return 0.5 * stream.normal(); }
double bit(Stream& stream) { return static_cast<double>(stream.below(2)); }

}  // namespace

DiagonalLstmStep::Net::Net(std::int64_t layers)
    : weights(tape.input("weights", {layers, 8, units})),
      ends(tape.input("ends", {3, units})),
      states(tape.input("states", {layers, 2, units})),
      inputs(tape.input("inputs", {sizes::T, units})),
      targets(tape.input("targets", {sizes::T, units})) {
  std::vector<DiagonalLayer> all;
  std::vector<Var> initial;
  for (std::int64_t k = 0; k < layers; ++k) {
    all.emplace_back(weights, k);
    for (const std::int64_t state : {0, 1}) initial.push_back(row_of(states, k, state));
  }
  const Var e_in = row_of(ends, 0), e_out = row_of(ends, 1), e_b = row_of(ends, 2);
  const auto step = [&](const std::vector<Var>& in, const std::vector<Var>& state) {
    Step next;
    Var v = in[0] * e_in;
    for (std::size_t k = 0; k < all.size(); ++k) {
      const auto [h, c] = all[k].step(v, state[2 * k], state[2 * k + 1]);
      next.state.insert(next.state.end(), {h, c});
      v = h;
    }
    next.stacked = {v * e_out + e_b};
    return next;
  };
  const Var y = scan(step, {inputs}, initial).stacked[0];
  loss = -mean(targets * (y - log(sum(exp(y), 1, true) + 2.0)));
  gradients = unroll::gradients(loss, {weights, ends});
}

std::vector<Var> DiagonalLstmStep::Net::outputs() const { return {gradients[0], gradients[1], loss}; }

DiagonalLstmStep::DiagonalLstmStep(std::int64_t layers, std::int64_t steps)
    : net_(layers),
      weights_(drawn({layers, 8, units}, 0, weight)),
      ends_(drawn({3, units}, 1, weight)),
      states_(drawn({layers, 2, units}, 2, weight)),
      inputs_(drawn({steps, units}, 3, bit)),
      targets_(drawn({steps, units}, 4, bit)),
      plan_(net_.tape, net_.outputs()) {
  plan_.bind(net_.weights, weights_);
  plan_.bind(net_.ends, ends_);
  plan_.bind(net_.states, states_);
  plan_.bind(net_.inputs, inputs_);
  plan_.bind(net_.targets, targets_);
}

}  // namespace unroll
