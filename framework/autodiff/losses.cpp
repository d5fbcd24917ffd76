#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

/// Broadcasting a loss is a mistake: (B, 1) against (B) would be the mean over all pairs.
void check_same_shape(const char* loss, Var prediction, Var target) {
  if (prediction.dims() != target.dims())
    throw ShapeError("[" + std::string(loss) + "] shapes " + to_string(prediction.dims()) + " and " +
                     to_string(target.dims()) + " differ; one target is wanted for each prediction");
}

}  // namespace

Var mse(Var prediction, Var target) {
  check_same_shape("mse", prediction, target);
  return mean(square(prediction - target));
}

Var cross_entropy(Var logits, Var classes) { return mean(logsumexp(logits) - pick(logits, classes)); }

// log(1 + e^z) - z t is -t log σ(z) - (1 - t) log(1 - σ(z)) without overflow at either end.
Var binary_cross_entropy(Var logits, Var target) {
  check_same_shape("binary_cross_entropy", logits, target);
  return mean(softplus(logits) - logits * target);
}

}  // namespace unroll
