#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// One training step of oneDNN's own recurrent primitive: "vanilla" (tanh), "lstm" or "gru" (its "linear
/// before reset", which is PyTorch's). Weights are kept as training keeps them, (gate, out, in), and are
/// reordered to what each primitive wants in every step, gradients back. The loss is a given gradient at h_T;
/// a readout is left out, which is in its favour. It computes the gradient of the inputs as well, which
/// cannot be switched off.
class OnednnRecurrent {
 public:
  /// std::invalid_argument for any other cell; dnnl::error where oneDNN refuses.
  OnednnRecurrent(std::string_view cell, StepShape shape);
  ~OnednnRecurrent();
  void run();

  /// What run() works on: (T, B, I); (gates, H, I) and (gates, H, H); dL/dh_T (B, H). Biases are 0.
  Tensor<float>& inputs();
  Tensor<float>& input_weights();
  Tensor<float>& recurrent_weights();
  Tensor<float>& last_gradient();
  /// What it leaves: h_T (B, H), and gradients of the shapes above.
  const Tensor<float>& last_state() const;
  const Tensor<float>& input_weight_gradients() const;
  const Tensor<float>& recurrent_weight_gradients() const;

 private:
  class Net;
  std::unique_ptr<Net> net_;
};

}  // namespace unroll
