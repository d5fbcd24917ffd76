#pragma once

#include <string>
#include <vector>

#include "experiments/train/task_model.hpp"

namespace unroll {

/// Where a forward pass over `piece`, of sequences of `steps` steps, first has a value that is
/// not finite: "h at time step 37 of 100, forward: `log(b)` in the equation h' = ..., where b is ...", "h and
/// c at time step 3 of 100, forward", "layer2.h at ...", "the readout y"; "the loss" when all of them are
/// finite. In training with the masks of that batch, and where it does not begin its sequences from the
/// piece's states on. It looks at a few steps at a time, so that long sequences take no memory; at all of
/// them where the model is bidirectional. The equation is that of the first state's layer, where it alone, on
/// what the step read and without what is drawn, has such a value.
///
/// `noise`: whether masks are drawn.
std::string first_non_finite(const CellList& cells, const Config& config, const TaskSpec& spec,
                             const Piece& piece, bool noise, const std::vector<Tensor<float>>& parameters,
                             std::int64_t steps);

/// The same of the gradients on their way back, where all values are finite: "the gradient with respect to h
/// at time step 12 of 100, backward: the derivative of `sqrt(b)` in the equation ...". A time step is that of
/// the step whose equations are meant. Sequences of a batch are side by side, however training reads them.
std::string first_non_finite_gradient(const CellList& cells, const Config& config, const TaskSpec& spec,
                                      const Piece& piece, const std::vector<Tensor<float>>& parameters,
                                      std::int64_t steps);

/// Index of the first value that is not finite, or -1.
std::int64_t first_bad(std::span<const float> values);
bool all_finite(std::span<const float> values);

/// A batch that a value which is not finite came up in, with all that computes it again.
struct NonFiniteBatch {
  std::int64_t update = 0;  ///< of the trial, from 1; of a validation, how many were done
  bool training = true;     ///< or validation
  bool backward = false;    ///< its values are finite, its gradients are not
  std::int64_t steps = 0;   ///< of whole sequences
  Piece piece = {};
  std::vector<Tensor<float>> parameters = {};  ///< that it was computed with
  std::string where = {};                      ///< what was found
};

/// What `where` is found to be: a parameter of the batch, or as above.
std::string find_non_finite(const CellList& cells, const Config& config, const TaskSpec& spec,
                            const NonFiniteBatch& batch);

}  // namespace unroll
