#pragma once

#include <memory>
#include <string>

#include "models/cell.hpp"

namespace unroll {

/// A cell as it is, whose step also names the outputs of its tanh, sigmoid and relu, as they are recorded:
/// "tanh of g", "sigmoid of f", "relu of h"; without a name of their own "tanh of tanh_2", the second of
/// them. What a sigmoid, or 1 less one, leaves of a state by a product that is added up into the next one is
/// "kept of c by f".
class WatchedCell final : public Cell {
 public:
  explicit WatchedCell(std::unique_ptr<Cell> cell) : cell_(std::move(cell)) {}

  std::vector<ParameterSpec> parameters() const override { return cell_->parameters(); }
  std::vector<StateSpec> states() const override { return cell_->states(); }
  std::int64_t noise_size() const override { return cell_->noise_size(); }
  std::int64_t context_size() const override { return cell_->context_size(); }
  std::int64_t feedback_size() const override { return cell_->feedback_size(); }
  CellStep step(const Parameters& p, const StepInputs& in) const override;

 private:
  std::unique_ptr<Cell> cell_;
};

}  // namespace unroll
