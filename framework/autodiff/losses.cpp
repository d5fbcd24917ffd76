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

// The largest logit stands in neither of the two: their digits are those of the differences between logits.
Var negative_log_likelihood(Var logits, Var classes) {
  const Var shifted = from_max(logits);
  return log(sum(exp(shifted), -1)) - pick(shifted, classes);
}

// log(1 + e^z) - t z and log(1 + e^-z) + (1 - t) z are the same; each is a sum of what is not negative, so
// that nothing cancels, in the half line that it is taken for. Both are smooth at 0, where they meet.
Var binary_negative_log_likelihood(Var logits, Var target) {
  check_same_shape("binary_negative_log_likelihood", logits, target);
  const Var zero = logits.tape().fill(0, {});
  const Var positive = greater(logits, zero);
  const Var weight = where(positive, 1.0 - target, -target);
  const Var product = weight * logits;  // NaN for 0 · Inf, whose limit here is 0
  const Var finite = where(equal(product, product), logits, zero);
  return softplus(where(positive, -logits, logits)) + weight * finite;
}

Var cross_entropy(Var logits, Var classes) { return mean(negative_log_likelihood(logits, classes)); }
Var binary_cross_entropy(Var logits, Var target) {
  return mean(binary_negative_log_likelihood(logits, target));
}

}  // namespace unroll
