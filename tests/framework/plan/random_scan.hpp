#pragma once

#include <random>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "tests/support/random_tensor.hpp"

namespace unroll {

/// A scan over a step made of random ops, with a loss that reads its results in random ways, and the
/// gradients of the loss: what a planner must get right whatever a user writes.
class RandomScan {
 public:
  explicit RandomScan(std::uint64_t seed) : width(seed % 5 == 4 ? 64 : 4), random_(seed) {
    using sizes::B;
    using sizes::T;
    const Var x = input("x", {T, B, width}), table = input("table", {5, width});
    const Var narrow = input("n", {T, B, 2}), V = input("V", {width, 2});
    const Var tokens = tape.index_input("tokens", {T, B});
    std::vector<Var> weights, initial;
    for (int i = 0; i < 3; ++i) weights.push_back(input("W", {width, width}));
    const Var bias = input("b", {width});
    for (std::size_t k = 0; k < 1 + chance(2); ++k) initial.push_back(input("h", {B, width}));
    tokens_ = tokens;

    ScanOptions options;
    options.reverse = chance(3) == 0;
    const Scanned s =
        scan([&](const std::vector<Var>& in,
                 const std::vector<Var>& state) { return step(in, state, weights, bias, table, V); },
             {x, tokens, narrow}, initial, options);
    Var loss = mean(square(s.final_state[0]));
    const auto add_to_loss = [&](const std::vector<Var>& values) {
      for (const Var& v : values)
        if (chance(2) == 0) loss = loss + mean(sin(v));
    };
    add_to_loss(s.final_state);
    add_to_loss(s.state_trajectory);
    add_to_loss(s.stacked);
    for (const Var& v : s.summed) loss = loss + 0.01 * mean(v);
    std::vector<Var> wanted = inputs;
    wanted.push_back(s.state_trajectory[0]);
    outputs = gradients(loss, wanted);
    outputs.push_back(loss);
    outputs.insert(outputs.end(), s.stacked.begin(), s.stacked.end());
  }

  template <class R>
  std::vector<Tensor<R>> results(Sizes sizes, const PlanOptions& options) const {
    Plan<R> plan(tape, outputs, options);
    std::vector<Tensor<R>> values;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      values.push_back(random_tensor<R>(resolve(inputs[i].dims(), sizes), i + 1));
    Tensor<std::int64_t> indices(Shape{sizes.time, sizes.batch});
    for (std::int64_t i = 0; i < indices.shape().numel(); ++i) indices[i] = (i * 7 + i / 3) % 5;
    for (std::size_t i = 0; i < inputs.size(); ++i) plan.bind(inputs[i], values[i]);
    plan.bind(tokens_, indices);
    plan.run();
    plan.run();  // the second run finds the memory as the first one left it
    std::vector<Tensor<R>> found;
    for (const Var& v : outputs) found.push_back(plan.tensor(v));
    return found;
  }

  Tape tape;
  std::vector<Var> inputs;
  std::vector<Var> outputs;

 private:
  const std::int64_t width;

  std::size_t chance(std::size_t n) { return random_() % n; }

  Var input(std::string name, Dims dims) {
    inputs.push_back(tape.input(std::move(name), std::move(dims)));
    return inputs.back();
  }

  Step step(const std::vector<Var>& in, const std::vector<Var>& state, const std::vector<Var>& weights,
            Var bias, Var table, Var V) {
    using sizes::B;
    std::vector<Var> pool = state;  // (B, width) each
    pool.push_back(in[0]);
    pool.push_back(gather(table, in[1]));
    if (width > 4) return vectors(in[2], state, std::move(pool), bias, V);
    const auto any = [&] { return pool[chance(pool.size())]; };
    for (int i = 0; i < 12; ++i) pool.push_back(random_op(any(), any(), any(), weights, bias));
    Step result;
    for (std::size_t k = 0; k < state.size(); ++k) result.state.push_back(tanh(any()));
    for (std::size_t k = 0; k < chance(3); ++k) result.stacked.push_back(any());
    if (chance(2) == 0) result.stacked.push_back(sum(any(), -1));
    for (std::size_t k = 0; k < chance(3); ++k) result.summed.push_back(any());
    if (chance(2) == 0) result.summed.push_back(mean(square(linear(any(), weights[2]) - in[0])));
    if (chance(2) == 0)
      result.summed.push_back(cross_entropy(concat({any(), slice(any(), 1, 0, 1)}, 1), in[1]));
    return result;
  }

  /// A step without a product of states, on vectors of whole registers. Where functions of the C library are
  /// called, or rows are summed, little goes by rows: that is to be rare.
  Step vectors(Var narrow, const std::vector<Var>& state, std::vector<Var> pool, Var bias, Var V) {
    const auto any = [&] { return pool[chance(pool.size())]; };
    const auto op = [&](Var a, Var b) {
      switch (chance(chance(4) == 0 ? 6 : 4)) {
        case 0:
          return linear(narrow, V) * a;
        case 1:
          return tanh(a + bias * b);
        case 2:
          return sigmoid(linear(narrow, V) + bias) - b;
        case 3:
          return 0.5 * a * b;
        case 4:
          return sin(a) + b;
        default:
          return a + 0.1 * sum(b, -1, true);
      }
    };
    for (int i = 0; i < 8; ++i) pool.push_back(op(any(), any()));
    Step result;
    for (std::size_t k = 0; k < state.size(); ++k) result.state.push_back(tanh(any()));
    if (chance(2) == 0) result.stacked.push_back(any());
    if (chance(2) == 0) result.summed.push_back(any());
    return result;
  }

  Var random_op(Var a, Var b, Var c, const std::vector<Var>& weights, Var bias) {
    using sizes::B;
    const Var W = weights[chance(weights.size())];
    switch (chance(16)) {
      case 0:
        return tanh(a + b);
      case 1:
        return sigmoid(a) * b;
      case 2:
      case 3:
      case 4:
        return linear(a, W) + bias;
      case 5:
        return matmul(a, W);
      case 6:
        return 0.5 * a - square(tanh(b));
      case 7:
        return where(greater(a, b), a, c);
      case 8:
        return softmax(a);
      case 9:
        return a * sum(b, -1, true) * 0.2;
      case 10:
        return concat({slice(a, 1, 2, 2), slice(b, 1, 0, 2)}, 1);
      case 11:
        return reshape(transpose(reshape(a, {B, 2, 2})), {B, width});
      case 12:
        return linear(a, W - transpose(W));
      case 13:
        return reshape(matmul(reshape(a, {B, 2, 2}), reshape(b, {B, 2, 2})), {B, width}) * 0.3;
      case 14:
        return relu(a) + bias * count(a, {B, 1}) * 0.01;
      default:
        return a + 0.1 * matmul(c, matmul(tanh(b), tanh(a), true));  // over the batch
    }
  }

  std::mt19937_64 random_;
  Var tokens_;
};

}  // namespace unroll
