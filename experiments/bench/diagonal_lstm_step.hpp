#pragma once

#include <cstdint>
#include <span>

#include "framework/plan/plan.hpp"

namespace unroll {

/// The net of rivals/diagonal_lstm.hpp as ops of the engine, with its loss and its gradient, on numbers that
/// are drawn: weights and states from N(0, 0.5^2), bits of the sequence from a coin.
class DiagonalLstmStep {
 public:
  DiagonalLstmStep(std::int64_t layers, std::int64_t steps);
  DiagonalLstmStep(const DiagonalLstmStep&) = delete;  // the plan holds the addresses of the tensors
  DiagonalLstmStep& operator=(const DiagonalLstmStep&) = delete;

  void run() { plan_.run(); }

  double loss() const { return plan_.value(net_.loss)[0]; }
  std::span<const double> weight_gradient() const { return plan_.value(net_.gradients[0]); }
  std::span<const double> end_gradient() const { return plan_.value(net_.gradients[1]); }

  const Tensor<double>& weights() const { return weights_; }  ///< (layers, 8, 14)
  const Tensor<double>& ends() const { return ends_; }        ///< (3, 14)
  const Tensor<double>& states() const { return states_; }    ///< (layers, 2, 14)
  const Tensor<double>& inputs() const { return inputs_; }    ///< (steps, 14)
  const Tensor<double>& targets() const { return targets_; }

 private:
  struct Net {
    explicit Net(std::int64_t layers);
    Tape tape;
    Var weights, ends, states, inputs, targets, loss;
    std::vector<Var> gradients;
    std::vector<Var> outputs() const;
  };

  Net net_;
  Tensor<double> weights_, ends_, states_, inputs_, targets_;
  Plan<double> plan_;
};

}  // namespace unroll
