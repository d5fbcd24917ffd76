#pragma once

#include "models/activation.hpp"
#include "models/cell.hpp"

namespace unroll {

/// The vanilla (Elman) recurrent network; Elman 1990, "Finding structure in time":
///
///     h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)        f in {tanh, relu, sigmoid, identity}
class Vanilla final : public Cell {
 public:
  explicit Vanilla(const CellOptions& options);

  std::vector<ParameterSpec> parameters() const override;
  std::vector<StateSpec> states() const override;
  CellStep step(const Parameters& p, const StepInputs& in) const override;

 private:
  std::int64_t input_size_, hidden_size_;
  Activation f_;
};

}  // namespace unroll
