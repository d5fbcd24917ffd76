#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "experiments/tasks/music/composition.hpp"
#include "experiments/tasks/music/melody.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// Lets a model go on with music for so many steps, or until `stop`. `model` answers at every step; not a
/// bidirectional one. Throws std::domain_error as Composition::next() does.
void compose(SequenceModel model, const std::vector<Tensor<float>>& parameters, std::int64_t steps,
             Composition& music, const std::atomic<bool>* stop = nullptr);

}  // namespace unroll
