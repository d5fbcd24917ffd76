#pragma once

#include <span>

namespace unroll {

/// Clamps every element into [-threshold, threshold] (Mikolov 2012; char-rnn; Arjovsky et al. 2016). NaN
/// stays NaN. Throws std::invalid_argument unless threshold > 0.
void clip_by_value(std::span<const std::span<float>> gradients, float threshold);

/// The Euclidean norm of all elements together, accumulated in double.
double global_norm(std::span<const std::span<const float>> gradients);
double global_norm(std::span<const std::span<float>> gradients);

/// Where the norm of all elements together exceeds `threshold`, multiplies them all by threshold / norm
/// (Pascanu, Mikolov, Bengio 2013, algorithm 1); else changes nothing. Returns the norm before. A norm that
/// is NaN or Inf is returned as it is and leaves the gradients as they are: whoever trains must see it.
/// Throws std::invalid_argument unless threshold > 0.
double clip_by_norm(std::span<const std::span<float>> gradients, double threshold);

}  // namespace unroll
