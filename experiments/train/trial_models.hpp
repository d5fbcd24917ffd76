#pragma once

#include <memory>

#include "experiments/train/evaluator.hpp"
#include "experiments/train/trial.hpp"

namespace unroll {

/// Sequences that the gradients of states are averaged over.
inline constexpr std::int64_t diagnostics_batch = 32;

/// What a trial is trained on: new sequences at every update, the task's own set, or a fixed one of
/// train.training_sequences. Throws std::invalid_argument where the task makes no such set.
std::unique_ptr<const DataSource> training_source(const Task& task, const Config& config);

/// All that a trial computes with: its task, its sources, its models, each recorded once. Costs follow from
/// it as well.
class TrialModels {
 public:
  /// Throws std::invalid_argument when the configuration makes no model.
  TrialModels(const Laboratory& laboratory, const Config& config);
  TrialModels(const TrialModels&) = delete;  // its sources refer to its task
  TrialModels& operator=(const TrialModels&) = delete;

  const Task& task() const { return *task_; }
  const TaskSpec& spec() const { return task_->spec(); }
  const DataSource& training() const { return *training_; }
  const DataSource& validation() const { return *validation_; }
  const DataSource* test() const { return test_.get(); }  ///< null: no such part
  /// The training sequences that gradients of states are looked at on: the same at every call.
  Batch diagnostics() const;

  const TaskModel& training_model() const { return *training_model_; }
  /// Of update number n: the first ones may have an objective of their own.
  ShardedPlan& training_plan(std::int64_t n);
  Evaluator& evaluator() { return evaluator_; }
  /// A plan of the gradients of the loss with respect to every state, in double.
  Plan<double> diagnostics_plan();
  const TaskModel& diagnostics_model();
  /// Bytes of that plan and its batch, whatever T and B are in training.
  std::size_t diagnostics_bytes();

  /// Throws std::length_error, with the bytes needed and what to do, when train.max_memory is too little.
  TrialCost cost();

 private:
  std::shared_ptr<TaskModel> record(const Recording& recording) const;
  std::shared_ptr<TaskModel> record_unless_alike(const Recording& recording) const;
  std::size_t instruments_bytes();
  bool flosses_first() const;

  const Laboratory& laboratory_;
  const Config& config_;
  std::shared_ptr<const Task> task_;
  std::unique_ptr<const DataSource> training_, validation_, test_;
  std::shared_ptr<TaskModel> training_model_;
  std::shared_ptr<TaskModel> evaluation_model_;   ///< the training one, where that is recorded alike
  std::shared_ptr<TaskModel> diagnostics_model_;  ///< null before it is asked for
  ShardedPlan training_plan_;
  std::unique_ptr<ShardedPlan>
      flossing_plan_;  ///< of the updates that descend it alone; null: there are none
  Evaluator evaluator_;
};

}  // namespace unroll
