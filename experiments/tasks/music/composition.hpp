#pragma once

#include <memory>
#include <span>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/tasks/music/pieces.hpp"
#include "experiments/tasks/task.hpp"
#include "framework/random/stream.hpp"

namespace unroll {

/// Music on its way: what a model reads is what was drawn from its answers before.
class Composition {
 public:
  virtual ~Composition() = default;

  /// One sequence: (T, 1, 88) frames or (T, 1) tokens, the silence before the music and what it goes on from.
  virtual const Values& start() const = 0;
  /// Draws a step from the outputs of the step before, and gives it as the next input: (1, 1, 88) or (1, 1).
  /// Throws std::domain_error where an output is no number.
  virtual const Values& next(std::span<const float> outputs) = 0;
  /// What it goes on from and all that was drawn.
  virtual std::vector<GridNote> notes() const = 0;
  virtual std::int64_t steps() const = 0;
};

/// For models that read frames (InputKind::vectors), whose keys are drawn each by itself, or melodies. Scores
/// are divided by `temperature`; 0: what is likelier than not, the likeliest token. `from` may have no steps.
std::unique_ptr<Composition> composition(InputKind inputs, const MusicPiece& from, double temperature,
                                         Stream stream);

}  // namespace unroll
