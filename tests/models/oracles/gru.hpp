#pragma once

#include "models/activation.hpp"
#include "models/cell.hpp"

namespace unroll {

/// Gated recurrent unit with the reset gate after the recurrent product, as in cuDNN and PyTorch:
///
///     r_t = σ(W_r x_t + U_r h_{t-1} + b_r)                      reset gate
///     z_t = σ(W_z x_t + U_z h_{t-1} + b_z)                      update gate
///     n_t = φ(W_n x_t + b_n + r_t ⊙ (U_n h_{t-1} + c_n))        candidate
///     h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}                     φ = tanh, or another activation
///
/// Parameters W_r W_z W_n, U_r U_z U_n, b_r b_z b_n, c_n. In PyTorch's terms the first two kinds, stacked,
/// are weight_ih and weight_hh; b_r and b_z are the sums of its two biases, b_n and c_n the two of n.
class Gru final : public Cell {
 public:
  explicit Gru(const CellOptions& options);

  std::vector<ParameterSpec> parameters() const override;
  std::vector<StateSpec> states() const override;
  CellStep step(const Parameters& p, const StepInputs& in) const override;

 private:
  std::int64_t input_size_, hidden_size_;
  Activation phi_;
};

/// The same with the reset gate before the recurrent product; Cho et al. 2014, "Learning phrase
/// representations using RNN encoder-decoder", eq. 5 to 8, with the biases that are left out there:
///
///     r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
///     z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
///     n_t = φ(W_n x_t + U_n (r_t ⊙ h_{t-1}) + b_n)
///     h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t
///
/// Parameters W_r W_z W_n, U_r U_z U_n, b_r b_z b_n.
class GruV1 final : public Cell {
 public:
  explicit GruV1(const CellOptions& options);

  std::vector<ParameterSpec> parameters() const override;
  std::vector<StateSpec> states() const override;
  CellStep step(const Parameters& p, const StepInputs& in) const override;

 private:
  std::int64_t input_size_, hidden_size_;
  Activation phi_;
};

}  // namespace unroll
