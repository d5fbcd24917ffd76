#pragma once

#include "models/activation.hpp"
#include "models/cell.hpp"

namespace unroll {

/// Long short-term memory; Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins
/// 2000:
///
///     i_t = σ(W_i x_t + U_i h_{t-1} + b_i)          input gate
///     f_t = σ(W_f x_t + U_f h_{t-1} + b_f)          forget gate
///     g_t = φ(W_g x_t + U_g h_{t-1} + b_g)          candidate
///     o_t = σ(W_o x_t + U_o h_{t-1} + b_o)          output gate
///     c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
///     h_t = o_t ⊙ φ(c_t)                            φ = tanh, or another activation in both places
///
/// States h, c. Parameters W_i W_f W_g W_o, U_i ... U_o, b_i ... b_o: each kind stacked in this order is what
/// PyTorch calls weight_ih, weight_hh and, as the sum of its two, bias.
class Lstm final : public Cell {
 public:
  explicit Lstm(const CellOptions& options);

  std::vector<ParameterSpec> parameters() const override;
  std::vector<StateSpec> states() const override;
  CellStep step(const Parameters& p, const StepInputs& in) const override;

 private:
  std::int64_t input_size_, hidden_size_;
  Activation phi_;
};

}  // namespace unroll
