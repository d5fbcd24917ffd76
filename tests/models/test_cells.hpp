#pragma once

#include "framework/autodiff/ops.hpp"
#include "models/cell.hpp"

namespace unroll::test {

/// h_t = h_{t-1} + x_t: what is around a step can be read off its states. Names x_t "seen".
class Adder final : public Cell {
 public:
  explicit Adder(std::int64_t size, double start = 0) : size_(size), start_(start) {}

  std::vector<ParameterSpec> parameters() const override { return {}; }
  std::vector<StateSpec> states() const override { return {{"h", {size_}, start_}}; }
  CellStep step(const Parameters&, const StepInputs& in) const override {
    return {{in.state[0] + in.x}, {{"seen", in.x}}};
  }

 private:
  std::int64_t size_;
  double start_;
};

/// h_t = x_t.
class Echo final : public Cell {
 public:
  explicit Echo(std::int64_t size) : size_(size) {}

  std::vector<ParameterSpec> parameters() const override { return {}; }
  std::vector<StateSpec> states() const override { return {{"h", {size_}}}; }
  CellStep step(const Parameters&, const StepInputs& in) const override { return {{identity(in.x)}}; }

 private:
  std::int64_t size_;
};

/// A second state that is a matrix and does not start at 0:
///
///     A_t = 0.9 A_{t-1} + 0.5 h_{t-1} k_tᵀ,   k_t = tanh(W_k x_t)
///     h_t = tanh(W_h h_{t-1} + W_x x_t + A_t h_{t-1})
class FastWeights final : public Cell {
 public:
  FastWeights(std::int64_t inputs, std::int64_t hidden) : inputs_(inputs), hidden_(hidden) {}

  std::vector<ParameterSpec> parameters() const override {
    return {{"W_k", {hidden_, inputs_}, Role::input_matrix},
            {"W_x", {hidden_, inputs_}, Role::input_matrix},
            {"W_h", {hidden_, hidden_}, Role::recurrent_matrix}};
  }
  std::vector<StateSpec> states() const override {
    return {{"h", {hidden_}}, {"A", {hidden_, hidden_}, 0.125}};
  }
  CellStep step(const Parameters& p, const StepInputs& in) const override {
    const Var h = in.state[0], k = tanh(linear(in.x, p["W_k"]));
    const Var A = 0.9 * in.state[1] + 0.5 * outer(h, k);
    const Dim rows = h.dims()[0];
    const Var read = reshape(matmul(A, reshape(h, {rows, hidden_, 1})), {rows, hidden_});
    return {{tanh(linear(h, p["W_h"]) + linear(in.x, p["W_x"]) + read), A}, {{"k", k}}};
  }

 private:
  std::int64_t inputs_, hidden_;
};

}  // namespace unroll::test
