#pragma once

#include <unroll/unroll.hpp>

/// Recurrent additive network; Lee, Levy & Zettlemoyer 2017, "Recurrent additive networks", eq. 1:
///
///     i_t = σ(W_i x_t + U_i h_{t-1} + b_i)          input gate
///     f_t = σ(W_f x_t + U_f h_{t-1} + b_f)          forget gate
///     c_t = i_t ⊙ W_c x_t + f_t ⊙ c_{t-1}
///     h_t = tanh(c_t)
class RecurrentAdditiveNetwork final : public unroll::Cell {
 public:
  RecurrentAdditiveNetwork(std::int64_t input_size, std::int64_t hidden_size)
      : inputs_(input_size), hidden_(hidden_size) {}

  std::vector<unroll::ParameterSpec> parameters() const override;
  std::vector<unroll::StateSpec> states() const override;
  unroll::CellStep step(const unroll::Parameters& p, const unroll::StepInputs& in) const override;

 private:
  std::int64_t inputs_, hidden_;
};
