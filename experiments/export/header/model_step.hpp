#pragma once

#include <map>
#include <vector>

#include "experiments/saved/saved_model.hpp"
#include "framework/plan/ir/program.hpp"

namespace unroll {

/// One step of a trained model for one sequence, in evaluation: straight-line code, in which everything that
/// follows from the parameters alone is a number already.
struct ModelStep {
  ir::Program program;                        ///< of single ops; each of them depends on input or states
  std::map<ir::Id, Tensor<float>> constants;  ///< parameters and what follows from them
  std::map<ir::Id, std::string> names = {};   ///< of parameters
  ir::Id input = ir::none;     ///< (1, 1, inputs), or a token (1, 1); none where it is not read
  std::vector<ir::Id> before;  ///< each state; none where it is not read
  std::vector<ir::Id> after;
  ir::Id output = ir::none;
  std::vector<StateSpec> states;

  /// The extents of a value, for one step of one sequence.
  Shape shape(ir::Id id) const { return resolve(program.dims(id), {}); }
};

/// Throws ModelError for a model that reads its sequences from the end as well.
ModelStep model_step(const SavedModel& model);

}  // namespace unroll
