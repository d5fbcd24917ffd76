#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Forward pass and backpropagation through time of one net as somebody writes them who knows the sizes:
/// loops over std::vector, with the rows, one input and the hidden size as constants, that the compiler
/// unrolls and vectorises. No library makes the products; tanh and exp are the C library's, of which the
/// compiler takes the vector forms. The rival of the engine where steps are tiny, and an oracle for its
/// gradients.
///
/// Its one liberty beside the equations: gradients of weights are summed after the loop over time, so that
/// the sums stay in registers.
class PlainLoop {
 public:
  virtual ~PlainLoop() = default;

  /// `parameters` are those of the cell, as the engine lists them, then W_hy (1, H), b_y (1); x is (T, B, 1),
  /// target (B, 1). Returns mean((W_hy h_T + b_y - target)^2).
  virtual float run(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x,
                    const Tensor<float>& target) = 0;

  /// Of the last run, in the order of the parameters.
  const std::vector<Tensor<float>>& gradients() const { return gradients_; }

 protected:
  std::vector<Tensor<float>> gradients_;
};

/// Of "vanilla" (tanh), "gru" or "lstm", for 1 input, 1 or 16 rows, and 1, 4, 8, 16, 32 or 64 hidden units;
/// std::invalid_argument for anything else.
std::unique_ptr<PlainLoop> plain_loop(std::string_view cell, StepShape shape);

}  // namespace unroll
