#pragma once

#include <cstdint>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Forward pass and backpropagation through time of one net, written by hand for speed: the rival of the
/// engine, and an oracle for its gradients.
///
///     h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h), h_0 = 0
///     loss = mean((W_hy h_T + b_y - target)^2), one output
///
/// What it does that a plain loop over the equations does not: input products are one product over a block of
/// steps, with the bias in place before it; weights are transposed once per run, so that no product of a step
/// has a transposed operand; dz is written over h's gradient in one pass; gradients of the weights are one
/// product over all steps.
class HandwrittenVanilla {
 public:
  explicit HandwrittenVanilla(StepShape shape);

  /// `parameters` are W_xh (H, I), W_hh (H, H), b_h (H), W_hy (1, H), b_y (1); x is (T, B, I), target (B, 1).
  /// Returns the loss.
  float run(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x,
            const Tensor<float>& target);

  /// Of the last run, in the order of the parameters.
  const std::vector<Tensor<float>>& gradients() const { return gradients_; }

 private:
  void forward(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x);
  float readout(const std::vector<Tensor<float>>& parameters, const Tensor<float>& target);
  void backward(const Tensor<float>& w_hh);
  void weight_gradients(const Tensor<float>& x);

  StepShape shape_;
  std::int64_t step_;  ///< elements of a state
  Tensor<float> w_xh_t_, w_hh_t_;
  Tensor<float> states_;  ///< h_0 ... h_T
  Tensor<float> dz_;      ///< (T, B, H)
  Tensor<float> dh_;
  std::vector<Tensor<float>> gradients_;
};

}  // namespace unroll
