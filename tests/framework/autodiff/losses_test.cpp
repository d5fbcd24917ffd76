#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "framework/autodiff/gradients.hpp"
#include "framework/tensor/limits.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

// Losses from logits, and what they are made of, at large and at infinite logits.

namespace unroll::conformance {
namespace {

using Numbers = std::vector<double>;

/// A function of a line of logits and of a class, or of targets that are made from the logits' shape.
using Function = std::function<Var(Var logits, Var right)>;

template <class T>
struct Derived {
  Tensor<T> value;
  Tensor<T> first;   ///< of the sum of the values
  Tensor<T> second;  ///< of the sum of the squared first derivatives
};

template <class T>
Derived<T> derived(const Function& f, const Numbers& x, std::int64_t right = 0) {
  const Shape shape = {static_cast<std::int64_t>(x.size())};
  Recorded recorded({.op = "",
                     .label = "",
                     .operands = {{{shape[0]}}, index_operand({}, shape[0])},
                     .record = [&](const std::vector<Var>& in) { return f(in[0], in[1]); },
                     .reference = {}});
  const Var logits = recorded.inputs[0];
  const Var first = gradients(sum(recorded.result), {logits})[0];
  const Var second = gradients(sum(square(first)), {logits})[0];
  Point point;
  point.real = {Tensor<double>(shape, std::span(x)), Tensor<double>()};
  point.index = {Tensor<std::int64_t>(), Tensor<std::int64_t>(Shape{}, right)};
  const auto found = evaluate<T>(recorded, point, {recorded.result, first, second});
  return {found[0], found[1], found[2]};
}

const Function class_loss = [](Var x, Var right) { return negative_log_likelihood(x, right); };
const Function soft = [](Var x, Var) { return softmax(x); };
const Function log_soft = [](Var x, Var) { return log_softmax(x); };
const Function log_sum = [](Var x, Var) { return logsumexp(x); };

Function coin_loss(double t) {
  return [t](Var z, Var) { return binary_negative_log_likelihood(z, z.tape().fill(t, z.dims())); };
}

template <class T>
void check_equal(const Tensor<T>& got, const Numbers& want) {
  REQUIRE(got.numel() == static_cast<std::int64_t>(want.size()));
  for (std::int64_t i = 0; i < got.numel(); ++i) {
    CAPTURE(i);
    const double expected = want[static_cast<std::size_t>(i)];
    CHECK((std::isnan(expected) ? std::isnan(got[i]) : got[i] == static_cast<T>(expected)));
  }
}

template <class T>
bool all_nan(const Tensor<T>& x) {
  return std::all_of(x.span().begin(), x.span().end(), [](T v) { return std::isnan(v); });
}

template <class T>
bool no_nan(const Tensor<T>& x) {
  return std::none_of(x.span().begin(), x.span().end(), [](T v) { return std::isnan(v); });
}

/// Within four roundings of numbers as large as `scale`.
template <class T>
bool near(T got, Real want, Real scale) {
  using Limits = std::numeric_limits<T>;
  const Real rounding = std::max<Real>(Limits::min(), static_cast<Real>(Limits::epsilon()) * std::abs(scale));
  return std::abs(static_cast<Real>(got) - want) <= 4 * rounding;
}

template <class T>
void check_class_loss(double shift) {
  CAPTURE(shift);
  const std::vector<Real> plain = log_probabilities({0, -1, -2});
  for (std::int64_t right = 0; right < 3; ++right) {
    CAPTURE(right);
    const Derived<T> got = derived<T>(class_loss, {shift, shift - 1, shift - 2}, right);
    const Real want = -plain[static_cast<std::size_t>(right)];
    CHECK(near(got.value[0], want, want));
    for (std::int64_t i = 0; i < 3; ++i) {
      const Real p = std::exp(plain[static_cast<std::size_t>(i)]);
      CHECK(near(got.first[i], p - (i == right), p));
    }
  }
}

/// The loss and its derivative, each as two numbers that are exact enough to be added.
struct Coin {
  Real loss, derivative, scale_of_derivative;
};
Coin coin_of(Real z, Real t) {
  const Real e = std::exp(-std::abs(z)), unlikely = e / (1 + e);
  const Real away = z > 0 ? 1 - t : -t;
  return {std::log1p(e) + away * z, z > 0 ? away - unlikely : away + unlikely, std::abs(away) + unlikely};
}

template <class T>
bool coin_agrees(const Function& f, T z, double t) {
  const Derived<T> got = derived<T>(f, {static_cast<double>(z)});
  const Coin want = coin_of(z, t);
  return near(got.value[0], want.loss, want.loss) &&
         near(got.first[0], want.derivative, want.scale_of_derivative);
}

}  // namespace

TEST_CASE_TEMPLATE("[losses] a class's loss and its gradient have their digits at any shift", T, float,
                   double) {
  for (const double shift : {0.0, 300.0, -300.0, 1e7, -1e7}) check_class_loss<T>(shift);
}

TEST_CASE_TEMPLATE("[losses] a single infinite logit is certain and a logit of -Inf impossible", T, float,
                   double) {
  const Numbers certain = {1, kInf, -3}, impossible = {0, -kInf, 0};
  check_equal(derived<T>(class_loss, certain, 1).value, {0});
  check_equal(derived<T>(class_loss, certain, 1).first, {0, 0, 0});
  check_equal(derived<T>(class_loss, certain, 0).value, {kInf});
  check_equal(derived<T>(class_loss, certain, 0).first, {-1, 1, 0});
  check_equal(derived<T>(class_loss, impossible, 1).value, {kInf});
  check_equal(derived<T>(class_loss, impossible, 1).first, {0.5, -1, 0.5});
  check_equal(derived<T>(class_loss, impossible, 0).first, {-0.5, 0, 0.5});
  check_equal(derived<T>(soft, certain).value, {0, 1, 0});
  check_equal(derived<T>(soft, impossible).value, {0.5, 0, 0.5});
  check_equal(derived<T>(log_soft, certain).value, {-kInf, 0, -kInf});
  check_equal(derived<T>(log_soft, {-kInf}).value, {0});
  check_equal(derived<T>(log_sum, certain).value, {kInf});
  check_equal(derived<T>(log_sum, certain).first, {0, 1, 0});
  check_equal(derived<T>(log_sum, impossible).first, {0.5, 0, 0.5});
  for (const Function& f : {class_loss, soft, log_soft, log_sum})
    for (const Numbers& x : {certain, impossible, Numbers{kInf}, Numbers{-kInf}, Numbers{-kInf, 2, kInf}}) {
      CHECK(no_nan(derived<T>(f, x).first));
      CHECK(no_nan(derived<T>(f, x).second));
    }
}

TEST_CASE_TEMPLATE("[losses] logits without a limit give NaN", T, float, double) {
  for (const Numbers& x : {Numbers{kInf, 0, kInf}, Numbers{-kInf, -kInf}, Numbers{0, std::nan(""), 1}})
    for (const Function& f : {class_loss, soft, log_soft}) CHECK(all_nan(derived<T>(f, x).value));
}

TEST_CASE_TEMPLATE("[losses] logsumexp of nothing but -Inf is -Inf and has no gradient", T, float, double) {
  const Derived<T> got = derived<T>(log_sum, {-kInf, -kInf, -kInf});
  check_equal(got.value, {-kInf});
  check_equal(got.first, {0, 0, 0});
  check_equal(got.second, {0, 0, 0});
  check_equal(derived<T>(log_sum, {kInf, kInf}).value, {kInf});
}

TEST_CASE_TEMPLATE("[losses] a coin's loss and its derivative have their digits at any logit", T, float,
                   double) {
  for (const double t : {0.0, 0.25, 1.0})
    for (const double z :
         {0.0, -0.0, 1e-3, -1e-3, 1.0, -1.0, 20.0, -20.0, 80.0, -80.0, 1e4, -1e4, 3e38, -3e38}) {
      CAPTURE(t);
      CAPTURE(z);
      CHECK(coin_agrees<T>(coin_loss(t), static_cast<T>(z), t));
    }
}

TEST_CASE("[losses] that a coin's loss has its digits is not so for the shortest formula") {
  const Function shortest = [](Var z, Var) { return softplus(z) - z; };
  CHECK(coin_agrees<float>(shortest, 1.0f, 1));
  CHECK_FALSE(coin_agrees<float>(shortest, 20.0f, 1));
  CHECK_FALSE(coin_agrees<double>(shortest, 40.0, 1));
}

TEST_CASE_TEMPLATE("[losses] a coin of infinite logit is sure of one side", T, float, double) {
  for (const double t : {0.0, 0.25, 1.0}) {
    CAPTURE(t);
    const Derived<T> got = derived<T>(coin_loss(t), {kInf, -kInf});
    check_equal(got.value, {t == 1 ? 0 : kInf, t == 0 ? 0 : kInf});
    check_equal(got.first, {1 - t, -t});
    check_equal(got.second, {0, 0});
  }
  CHECK(all_nan(derived<T>(coin_loss(0), {std::nan("")}).value));
  CHECK(all_nan(derived<T>(coin_loss(std::nan("")), {kInf, 0}).value));
}

TEST_CASE_TEMPLATE("[losses] softplus, sigmoid and their derivatives have limits at infinity", T, float,
                   double) {
  const Derived<T> plus = derived<T>([](Var x, Var) { return softplus(x); }, {kInf, -kInf});
  check_equal(plus.value, {kInf, 0});
  check_equal(plus.first, {1, 0});
  check_equal(plus.second, {0, 0});
  const Derived<T> probability = derived<T>([](Var x, Var) { return sigmoid(x); }, {kInf, -kInf});
  check_equal(probability.value, {1, 0});
  check_equal(probability.first, {0, 0});
  check_equal(probability.second, {0, 0});
}

TEST_CASE("[losses] of the wrong shape are refused, naming the loss and both shapes") {
  Tape tape;
  const Var z = tape.input("z", {4, 1}), t = tape.input("t", {4});
  CHECK_THROWS_WITH_AS(
      binary_negative_log_likelihood(z, t),
      "[binary_negative_log_likelihood] shapes (4, 1) and (4) differ; one target is wanted for "
      "each prediction",
      ShapeError);
}

}  // namespace unroll::conformance
