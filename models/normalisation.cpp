#include "models/normalisation.hpp"

#include "framework/autodiff/ops.hpp"

namespace unroll {

Var layer_norm(Var v) {
  const Var centred = v - mean(v, -1, true);
  return centred / sqrt(mean(square(centred), -1, true) + 1e-5);
}

}  // namespace unroll
