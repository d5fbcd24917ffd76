#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// (rows, columns) of any small values: products take the same time for all but subnormal ones.
Tensor<float> small_values(std::int64_t rows, std::int64_t columns);

/// The products of one training step of a cell and nothing else: no bias, activation, loss or transposition.
/// Input products and gradients of weights are one product over the rows of all steps. It computes nothing of
/// use; no implementation on the same products can be much faster.
class GemmFloor {
 public:
  /// `cell` is "vanilla", "lstm", "gru" or "mgu"; std::invalid_argument for any other.
  GemmFloor(std::string_view cell, StepShape shape);
  void run();

  /// 2 m n k, summed over all products of run().
  double flops() const;

 private:
  void forward();
  void backward();
  void weight_gradients();

  std::span<const std::int64_t> parts_;  ///< widths of the recurrent products of one step, in hidden sizes
  std::int64_t gates_ = 0;               ///< their sum
  StepShape shape_;
  Tensor<float> x_, w_x_, states_, grads_, d_w_x_;
  std::vector<Tensor<float>> w_h_, w_h_transposed_, d_w_h_, z_;
};

}  // namespace unroll
