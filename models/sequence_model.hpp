#pragma once

#include <memory>
#include <vector>

#include "framework/autodiff/ops.hpp"
#include "models/cell.hpp"
#include "models/readout.hpp"

namespace unroll {

/// A cell unrolled over time, the same weights at every step, with a linear readout y_t = W_hy h_t + b_y.
class SequenceModel {
 public:
  SequenceModel(std::unique_ptr<Cell> cell, std::int64_t output_size, Readout readout);

  /// The cell's parameters, then W_hy (output, hidden) and b_y (output).
  std::vector<ParameterSpec> parameters() const;
  /// The cell's.
  std::vector<StateSpec> states() const { return cell_->states(); }

  struct Recorded {
    Var outputs;                        ///< (B, output), or (T, B, output)
    std::vector<Var> state_trajectory;  ///< (T, B, size) of each state
    std::vector<Var> final_state;       ///< (B, size) of each state
  };
  /// `inputs` is (T, B, input_size), T and B numbers or symbols. The states before the first step are 0, or
  /// those of `initial`: (B, size) each, in the order of states(). Else ShapeError.
  Recorded record(Var inputs, const Parameters& p, std::vector<Var> initial = {}) const;

 private:
  void check_initial(const std::vector<Var>& initial, Dim rows) const;

  std::unique_ptr<Cell> cell_;
  std::int64_t output_size_;
  Readout readout_;
};

}  // namespace unroll
