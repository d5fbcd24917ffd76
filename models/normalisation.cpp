#include "models/normalisation.hpp"

#include "framework/autodiff/ops.hpp"

namespace unroll {

Var layer_norm(Var v) {
  const Var centred = v - mean(v, -1, true);
  return centred * (1.0 / sqrt(mean(square(centred), -1, true) + 1e-5));  // one division for each row
}

}  // namespace unroll
