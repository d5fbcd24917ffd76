#pragma once

#include <optional>
#include <vector>

#include "framework/plan/program.hpp"

namespace unroll {

/// When an instruction of a step runs: with those of all other steps of a block before or after the steps, or
/// in each step.
enum class When { before, in_steps, after };

/// Sorts the instructions of a step by what is reachable from what in its graph: an instruction that no state
/// reaches needs no earlier step; one that reaches no state is needed by no later step.
class StepAnalysis {
 public:
  StepAnalysis(const Loop& loop, const PlanOptions& options);

  When when(std::size_t instruction) const { return when_[instruction]; }
  bool leaves_the_loop() const;

  /// Its result is summed over the steps and needed for nothing else, and the sum can be had in one go.
  bool only_summed(std::size_t instruction) const { return only_summed_[instruction]; }

  /// The same at every step.
  bool steady(SlotId slot) const { return steady_[loop_.body.root(slot)]; }
  std::optional<std::size_t> producer(SlotId slot) const;
  bool computed_in_steps(SlotId slot) const;
  /// Read by the steps, but not computed there: a slice, a capture, a result of what comes before the steps.
  bool comes_from_block(SlotId slot) const;

 private:
  std::vector<bool> stacked(const Instruction& instruction) const;
  bool liftable(std::size_t i) const;
  void find_sums();
  void find_late();
  void sink();
  void hoist();

  const Loop& loop_;
  std::vector<int> producer_;      ///< by root slot; -1 where no instruction of the code produces it
  std::vector<bool> steady_;       ///< by root slot
  std::vector<bool> at_hand_;      ///< by root slot: the block has it without the steps
  std::vector<bool> own_to_step_;  ///< by root slot: states before the step, the step's index
  std::vector<std::vector<std::size_t>> consumers_;  ///< by root slot
  std::vector<bool> observed_;  ///< by root slot: a state after the step or a stacked result
  std::vector<bool> feeds_state_, late_, only_summed_;  ///< by instruction
  std::vector<When> when_;
};

}  // namespace unroll
