#pragma once

#include "experiments/tasks/task.hpp"
#include "experiments/train/make_model.hpp"
#include "models/carried_run.hpp"

namespace unroll {

/// A model of vectors that answers, as the judges of a task want it.
class AnsweringModel {
 public:
  /// `parameters` must outlive it and stay as they are.
  AnsweringModel(SequenceModel model, const ModelSizes& sizes, const std::vector<Tensor<float>>& parameters)
      : sizes_(sizes), run_(std::move(model), sizes.inputs, sizes.tokens, parameters) {}

  /// It must outlive what this gives.
  AnswersOf answers() {
    return [this](const Tensor<float>& inputs, bool go_on) { return answer(inputs, go_on); };
  }

 private:
  Tensor<float> answer(const Tensor<float>& inputs, bool go_on);

  ModelSizes sizes_;
  CarriedRun run_;
};

}  // namespace unroll
