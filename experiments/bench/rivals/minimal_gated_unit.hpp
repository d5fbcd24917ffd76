#pragma once

#include "models/cell.hpp"

namespace unroll {

/// The minimal gated unit; Zhou et al. 2016, "Minimal gated unit for recurrent neural networks", eq. 5-7:
///
///     f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)
///     g_t = tanh(W_g x_t + U_g (f_t * h_{t-1}) + b_g)
///     h_t = (1 - f_t) * h_{t-1} + f_t * g_t
///
/// In no table: it shows what a user's own cell costs.
class MinimalGatedUnit final : public Cell {
 public:
  explicit MinimalGatedUnit(const CellOptions& options);

  std::vector<ParameterSpec> parameters() const override;
  std::vector<StateSpec> states() const override;
  CellStep step(const Parameters& p, const StepInputs& in) const override;

 private:
  std::int64_t input_size_, hidden_size_;
};

}  // namespace unroll
