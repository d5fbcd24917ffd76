#include "framework/autodiff/ops/sources.hpp"

#include <doctest/doctest.h>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

template <class P>
Tensor<P> run(const Tape& tape, Var output) {
  Plan<P> plan(tape, {output});
  plan.run();
  return plan.tensor(output);
}

}  // namespace

TEST_CASE("[conformance] input gives back what is bound, bit for bit") {
  Tape tape;
  const Var x = tape.input("x", {T, 2});
  const Var y = stop_gradient(x);
  Plan<float> plan(tape, {x, y});
  for (const std::int64_t t : {3, 0, 1, 5}) {
    Tensor<float> value(Shape{t, 2}, -0.0f);
    if (t > 1) value[1] = std::numeric_limits<float>::quiet_NaN();
    plan.bind(x, value);
    plan.run();
    CHECK(plan.tensor(x).same_bits(value));
    CHECK(plan.tensor(y).same_bits(value));
  }
}

TEST_CASE("[conformance] index_input feeds indices") {
  Tape tape;
  const Var i = tape.index_input("i", {B});
  const Var y = gather(tape.constant(Tensor<double>(Shape{3}, {10, 20, 30})), i);
  Plan<double> plan(tape, {y});
  const Tensor<std::int64_t> index(Shape{4}, {2, 0, 0, 1});
  plan.bind(i, index);
  plan.run();
  CHECK(plan.tensor(y).same_bits(Tensor<double>(Shape{4}, {30, 10, 10, 20})));
}

TEST_CASE("[conformance] constant holds its value, rounded to the plan's precision") {
  Tape tape;
  const Tensor<double> value(Shape{2, 2}, {0.1, -0.0, std::numeric_limits<double>::infinity(), 1e300});
  const Var c = tape.constant(value);
  CHECK(c.dims() == Dims{2, 2});
  CHECK(run<double>(tape, c).same_bits(value));
  CHECK(run<float>(tape, c).same_bits(convert<float>(value)));
  CHECK(run<double>(tape, tape.constant(Tensor<double>(Shape{0, 3}))).shape() == Shape{0, 3});
}

TEST_CASE("[conformance] fill gives one value everywhere, and keeps the sign of zero") {
  Tape tape;
  CHECK(run<double>(tape, tape.fill(0.1, {2, 3})).same_bits(Tensor<double>(Shape{2, 3}, 0.1)));
  CHECK(run<float>(tape, tape.fill(0.1, {})).same_bits(Tensor<float>(Shape{}, 0.1f)));
  CHECK(run<double>(tape, tape.zeros({0})).shape() == Shape{0});
  const Var one = tape.fill(1, {});
  const Var difference = one / tape.fill(0.0, {}) - one / tape.fill(-0.0, {});
  CHECK(run<double>(tape, difference)[0] == std::numeric_limits<double>::infinity());
}

TEST_CASE("[conformance] count is the number of elements at the sizes of the run") {
  Tape tape;
  const Var x = tape.input("x", {T, B});
  const Var n = count(x, {T, B, 5}), y = sum(x) + n;
  Plan<double> plan(tape, {y, n});
  for (const auto& [t, b] : std::vector<std::pair<std::int64_t, std::int64_t>>{{3, 2}, {1, 1}, {0, 4}}) {
    const Tensor<double> zeros(Shape{t, b});
    plan.bind(x, zeros);
    plan.run();
    CHECK(plan.value(n)[0] == static_cast<double>(t * b * 5));
  }
}

TEST_CASE("[conformance] sizes are read from every bound input, also those that no output depends on") {
  Tape tape;
  const Var x = tape.input("x", {T, B});
  const Var zeros = tape.zeros({B, T});
  Plan<double> plan(tape, {zeros});
  const Tensor<double> value(Shape{3, 2});
  plan.bind(x, value);
  plan.run();
  CHECK(plan.tensor(zeros).shape() == Shape{2, 3});
}

TEST_CASE(
    "[conformance] step_index counts the absolute time steps, in both directions, and exists only there") {
  Tape tape;
  CHECK_THROWS_AS(tape.step_index(), std::invalid_argument);
  const Var x = tape.input("x", {T, 1});
  const Var table = tape.constant(Tensor<double>(Shape{4}, {10, 20, 30, 40}));
  for (const bool reverse : {false, true}) {
    const auto step = [&](const std::vector<Var>& in, const std::vector<Var>& state) {
      const Var entry = gather(table, step_index(in[0]));
      return Step{.state = {state[0] * 2.0 + entry}, .stacked = {entry + in[0]}};
    };
    const Scanned s = scan(step, {x}, {tape.fill(0, {1})}, {.length = std::nullopt, .reverse = reverse});
    Plan<double> plan(tape, {s.stacked[0], s.final_state[0]});
    const Tensor<double> zeros(Shape{4, 1});
    plan.bind(x, zeros);
    plan.run();
    CHECK(plan.tensor(s.stacked[0]).same_bits(Tensor<double>(Shape{4, 1}, {10, 20, 30, 40})));
    CHECK(plan.value(s.final_state[0])[0] ==
          (reverse ? 10 + 2 * (20 + 2 * (30 + 2 * 40)) : 40 + 2 * (30 + 2 * (20 + 2 * 10))));
  }
}
