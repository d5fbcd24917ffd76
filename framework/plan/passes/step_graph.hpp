#pragma once

#include <optional>
#include <vector>

#include "framework/plan/ir/program.hpp"

namespace unroll::passes {

/// What depends on what in the step of a loop. Instructions are positions in the loop's body.
class StepGraph {
 public:
  /// A state that each step adds to, and that nothing in the step reads: after = before + addend.
  struct Sum {
    std::size_t state;     ///< of the loop
    std::size_t addition;  ///< the instruction
    ir::Id addend;
  };

  StepGraph(const ir::Program& program, const ir::Loop& steps);

  std::size_t size() const { return consumers_.size(); }
  const ir::Compute& compute(std::size_t i) const { return *steps_.body[i].compute(); }
  const std::vector<Sum>& sums() const { return sums_; }
  bool is_addition(std::size_t i) const { return addition_[i]; }

  /// Defined outside of the loop: the same at every step.
  bool steady(ir::Id value) const { return !own_[value]; }
  /// Steady, or a slice.
  bool at_hand(ir::Id value) const { return at_hand_[value]; }
  std::optional<std::size_t> producer(ir::Id value) const;
  /// Readers of instruction i's result, additions of sums apart.
  const std::vector<std::size_t>& consumers(std::size_t i) const { return consumers_[i]; }
  /// Whether the step calls functions of the C library on that shape.
  bool calls_on(const Dims& shape) const;
  /// Whether it is a product over the batch that reads vectors of that shape.
  bool over_batch(std::size_t i, const Dims& vectors) const;
  /// Some later step needs it.
  bool feeds_state(std::size_t i) const { return feeds_state_[i]; }

  /// The sum that instruction i's result is added to, where nothing else reads it and the sum over a block's
  /// steps can be had in one go.
  std::optional<Sum> only_summed(std::size_t i) const;
  /// Whether it can be done for all steps of a block at once.
  bool liftable(std::size_t i) const;

 private:
  std::vector<bool> stacked(const ir::Compute& compute) const;
  void find_sums();
  void find_feeding();

  const ir::Program& program_;
  const ir::Loop& steps_;
  std::vector<bool> own_, at_hand_;
  std::vector<int> producer_, reads_;
  std::vector<Sum> sums_;
  std::vector<bool> addition_, feeds_state_;
  std::vector<Dims> with_calls_;
  std::vector<std::vector<std::size_t>> consumers_;
};

/// Other than elementwise work, and another shape for a value, which are done where their operands are.
inline bool over_whole_arrays(const ir::Compute& compute) {
  return compute.op->rows != Rows::elementwise && compute.op->rows != Rows::reshape;
}

}  // namespace unroll::passes
