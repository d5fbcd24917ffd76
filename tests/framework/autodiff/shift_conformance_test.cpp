#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "framework/autodiff/gradients.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

// The law of shifts: x and x + c have the same differences. Where the elements of both are exact, what is
// made of the differences keeps all of its digits, however large c is.

namespace unroll::conformance {
namespace {

/// A shift, and the distance between numbers that are exact in float after it.
struct Grid {
  double shift, spacing;
};
constexpr Grid grids[] = {{300, 1.0 / 32768}, {-300, 1.0 / 32768}, {1e7, 1}, {-1e7, 1}};

/// Result, first and second derivatives of a case with respect to its first operand. The derivatives go back
/// from weights that do not shift with the result.
struct DerivedCase : Recorded {
  explicit DerivedCase(const OpCase& c) : Recorded(c) {
    const Var weights = tape->input("weights", result.dims());
    const Var first = gradients(result, {inputs[0]}, weights)[0];
    outputs = {result, first, gradients(sum(square(first)), {inputs[0]})[0]};
    operands.push_back({result.dims()});
    inputs.push_back(weights);
  }

  std::vector<Var> outputs;
};

Point on_grid(const OpCase& c, double spacing) {
  Point point = sample(c, ordinary);
  for (double& x : point.real[0].span()) x = spacing * std::round(3 * x / spacing);
  Tensor<double> weights(resolve(Recorded(c).result.dims(), ordinary));
  for (std::int64_t i = 0; i < weights.numel(); ++i) weights[i] = 0.25 * static_cast<double>(i % 7 - 2);
  point.real.push_back(weights);
  point.index.emplace_back();
  return point;
}

/// Where `got` is further from `want` than four roundings; `moved` is added to what is wanted.
template <class T>
std::string apart(std::string_view what, const Tensor<T>& got, const Tensor<T>& want, double moved = 0) {
  std::string text;
  for (std::int64_t i = 0; i < got.numel(); ++i) {
    const Real expected = static_cast<Real>(want[i]) + moved;
    const Real allowed = 4 * static_cast<Real>(std::numeric_limits<T>::epsilon()) * std::abs(expected);
    if (!(std::abs(static_cast<Real>(got[i]) - expected) <= allowed))
      text += fmt::format("{} {}: {} instead of {}\n", what, i, double(got[i]), double(expected));
  }
  return text;
}

/// What the law finds wrong with a case; empty where it holds.
template <class T>
std::string broken_by_shift(const OpCase& c) {
  const DerivedCase derived(c);
  std::string text;
  for (const Grid& grid : grids) {
    Point point = on_grid(c, grid.spacing);
    const std::vector<Tensor<T>> here = evaluate<T>(derived, point, derived.outputs);
    for (double& x : point.real[0].span()) x += grid.shift;
    const std::vector<Tensor<T>> there = evaluate<T>(derived, point, derived.outputs);
    text += apart("value", there[0], here[0], c.shift == Shift::follows ? grid.shift : 0);
    text += apart("first derivative", there[1], here[1]);
    text += apart("second derivative", there[2], here[2]);
  }
  return text;
}

OpCase naive(Dims logits, RecordFunction record) {
  return {.op = "naive",
          .label = "",
          .operands = {{logits}, index_operand({logits[0]}, 3)},
          .record = std::move(record),
          .reference = {},
          .shift = Shift::ignores};
}

}  // namespace

TEST_CASE("[conformance] a shift of the logits changes no digit of values and derivatives") {
  std::set<std::string> seen;
  for (const OpCase& c : all_cases()) {
    if (c.shift == Shift::changes) continue;
    seen.insert(c.op);
    CAPTURE(name_of(c, ordinary));
    const std::string in_float = broken_by_shift<float>(c), in_double = broken_by_shift<double>(c);
    CHECK_MESSAGE(in_float.empty(), in_float);
    CHECK_MESSAGE(in_double.empty(), in_double);
  }
  CHECK(seen == std::set<std::string>{"max", "logsumexp", "softmax", "log_softmax", "negative_log_likelihood",
                                      "cross_entropy"});
}

TEST_CASE("[conformance] the law of shifts finds sums that are rounded to the size of the largest logit") {
  const OpCase loss =
      naive({2, 3}, [](const std::vector<Var>& in) { return logsumexp(in[0]) - pick(in[0], in[1]); });
  const OpCase probabilities =
      naive({2, 3}, [](const std::vector<Var>& in) { return exp(in[0] - logsumexp(in[0], -1, true)); });
  for (const OpCase& c : {loss, probabilities}) {
    CHECK(broken_by_shift<float>(c).find("value") != std::string::npos);
    CHECK(broken_by_shift<double>(c).find("value") != std::string::npos);
  }
  CHECK(broken_by_shift<float>(probabilities).find("first derivative") != std::string::npos);
  CHECK(broken_by_shift<float>(probabilities).find("second derivative") != std::string::npos);
}

}  // namespace unroll::conformance
