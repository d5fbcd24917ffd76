#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unroll {

/// Units of the net below, and numbers of a step: GradBench's characters are of 14 bits.
inline constexpr std::int64_t diagonal_units = 14;

/// The LSTM of GradBench and ADBench (Srajer, Kukelova & Fitzgibbon 2018, "A benchmark of selected
/// algorithmic differentiation tools"), whose weights are diagonal, differentiated by hand in reverse: loops
/// over the 14 units in double, with the C library's exp and tanh. With v the input of a layer, h and c its
/// states,
///     f = sigmoid(w_f v + b_f)   i = sigmoid(w_i h + b_i)   o = sigmoid(w_o v + b_o)   g = tanh(w_g h + b_g)
///     c' = f c + i g             h' = o tanh(c')
/// The first layer sees e_in x, the answer is y = e_out h' + e_b of the last one, and the loss the mean over
/// steps and units of -target (y - log(2 + sum(exp(y)))).
class DiagonalLstm {
 public:
  DiagonalLstm(std::int64_t layers, std::int64_t steps);

  /// `weights`: of each layer w_f, w_i, w_o, w_g, b_f, b_i, b_o, b_g. `ends`: e_in, e_out, e_b. `states`: of
  /// each layer h and c before the first step. `inputs`, `targets`: (steps, 14). Returns the loss.
  double run(std::span<const double> weights, std::span<const double> ends, std::span<const double> states,
             std::span<const double> inputs, std::span<const double> targets);

  /// Of the last run, with respect to the weights and the ends.
  const std::vector<double>& weight_gradient() const { return weight_gradient_; }
  const std::vector<double>& end_gradient() const { return end_gradient_; }

 private:
  double forward(const double* weights, const double* ends, const double* inputs, const double* targets);
  void layer(std::int64_t step, std::int64_t layer, const double* weights, double* v);
  void backward(const double* weights, const double* ends, const double* inputs, const double* targets);
  void layer_back(std::int64_t step, std::int64_t layer, const double* weights, double* dv);
  /// Of step t, or of the state before it.
  std::size_t at(std::int64_t step, std::int64_t layer) const {
    return static_cast<std::size_t>((step * layers_ + layer) * diagonal_units);
  }

  std::int64_t layers_, steps_;
  std::vector<double> v_, f_, i_, o_, g_, tanh_c_;  ///< (steps, layers, units)
  std::vector<double> h_, c_;                       ///< (steps + 1, layers, units)
  std::vector<double> y_, log_sum_;                 ///< (steps, units), (steps)
  std::vector<double> dh_, dc_;                     ///< (layers, units)
  std::vector<double> weight_gradient_, end_gradient_;
};

}  // namespace unroll
