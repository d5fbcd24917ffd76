#include "framework/autodiff/ops.hpp"

namespace unroll {

Var mse(Var prediction, Var target) { return mean(square(prediction - target)); }

Var cross_entropy(Var logits, Var classes) { return mean(logsumexp(logits) - pick(logits, classes)); }

// log(1 + e^z) - z t is -t log σ(z) - (1 - t) log(1 - σ(z)) without overflow at either end.
Var binary_cross_entropy(Var logits, Var target) { return mean(softplus(logits) - logits * target); }

}  // namespace unroll
