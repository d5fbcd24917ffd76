#include "framework/autodiff/equal_work.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "tests/framework/plan/distance.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

std::vector<ValueId> firsts(const Tape& tape, std::vector<Var> apart = {}) {
  std::vector<bool> alone(tape.values().size(), false);
  for (const Var& v : apart) alone[static_cast<std::size_t>(v.id())] = true;
  return first_equal(tape, alone);
}

std::ptrdiff_t count_of(const Tape& tape, std::string_view op) {
  return std::ranges::count(tape.nodes(), op, [](const Node& node) { return node.op->name; });
}

/// What each output is for random inputs, at T = 4 and B = 3.
std::vector<Tensor<double>> values(const Tape& tape, const std::vector<Var>& inputs,
                                   const std::vector<Var>& outputs) {
  Plan<double> plan(tape, outputs, PlanOptions::as_recorded());
  std::vector<Tensor<double>> bound;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    bound.push_back(random_tensor<double>(resolve(inputs[i].dims(), Sizes{4, 3}), i + 1));
  for (std::size_t i = 0; i < inputs.size(); ++i) plan.bind(inputs[i], bound[i]);
  plan.run();
  std::vector<Tensor<double>> found;
  for (const Var& v : outputs) found.push_back(plan.tensor(v));
  return found;
}

}  // namespace

TEST_CASE("[equal work] one op of equal operands with equal attributes is equal, through any number of ops") {
  Tape tape;
  const Var a = tape.input("a", {B, 3}), b = tape.input("b", {B, 3});
  const Var x = exp(a), y = exp(a), z = exp(b);
  const Var p = x * b, q = y * b, r = z * b, swapped = b * y;
  const Var s = slice(a, 1, 0, 1), t = slice(a, 1, 0, 1), u = slice(a, 1, 1, 1);
  const std::vector<ValueId> first = firsts(tape);
  const auto of = [&](Var v) { return first[static_cast<std::size_t>(v.id())]; };
  CHECK(of(x) == x.id());
  CHECK(of(y) == x.id());
  CHECK(of(q) == p.id());
  CHECK(of(t) == s.id());
  for (const Var& v : {a, b, z, r, swapped, u}) CHECK(of(v) == v.id());
}

TEST_CASE("[equal work] what is apart is equal to nothing, before it or behind it") {
  Tape tape;
  const Var a = tape.input("a", {B, 3});
  const Var x = exp(a), y = exp(a), z = exp(a);
  std::vector<ValueId> first = firsts(tape, {x});
  CHECK(first[static_cast<std::size_t>(y.id())] == y.id());
  CHECK(first[static_cast<std::size_t>(z.id())] == y.id());
  first = firsts(tape, {y});
  CHECK(first[static_cast<std::size_t>(y.id())] == y.id());
  CHECK(first[static_cast<std::size_t>(z.id())] == x.id());
}

TEST_CASE("[equal work] gradients go back once through what is written twice") {
  Tape tape;
  const Var a = tape.input("a", {5}), x = tape.input("x", {B, 5}), y = tape.input("y", {B, 5});
  const Var loss = sum(sigmoid(a) * x * sigmoid(a) * y);
  const auto before = count_of(tape, "sum_to");
  const Var g = gradients(loss, {a})[0];
  CHECK(count_of(tape, "sum_to") == before + 1);
  const Var s = sigmoid(a);
  const Var expected = sum_to(2.0 * s * x * y, {5}) * s * (1.0 - s);
  const auto found = values(tape, {a, x, y}, {g, expected});
  CHECK(distance(found[0], found[1]) <= 1e-12);
}

TEST_CASE("[equal work] the derivative by one of two equal values is of its readers alone") {
  Tape tape;
  const Var a = tape.input("a", {B, 3});
  const Var x = tanh(a), y = tanh(a);
  const Var loss = sum(x * 2.0) + sum(y * 3.0);
  const std::vector<Var> g = gradients(loss, {x, y, a});
  const auto found = values(tape, {a}, {g[0], g[1], g[2], 5.0 * (1.0 - square(tanh(a)))});
  for (std::int64_t i = 0; i < 9; ++i) {
    CHECK(found[0][i] == 2);
    CHECK(found[1][i] == 3);
  }
  CHECK(distance(found[2], found[3]) <= 1e-12);
  // The way back may begin at one of them.
  const Var all = gradients(x, {a}, tape.fill(1, x.dims()))[0];
  const auto one = values(tape, {a}, {all, 1.0 - square(tanh(a))});
  CHECK(distance(one[0], one[1]) <= 1e-12);
}

TEST_CASE("[equal work] a step goes back once through what it captures twice") {
  Tape tape;
  const Var a = tape.input("a", {5}), x = tape.input("x", {T, B, 5}), h = tape.input("h", {B, 5});
  const auto record = [&](Var first, Var second) {
    const Scanned s =
        scan([&](const auto& in, const auto& state) { return Step{{first * state[0] + second * in[0]}}; },
             {x}, {h});
    return gradients(sum(square(s.final_state[0])), {a, x, h, s.state_trajectory[0]});
  };
  const auto summed = [&](const std::vector<Var>& g) {
    const Node& node = tape.producer(g[1].id());
    return count_of(node.attrs.as<ScanAttrs>().body->tape, "sum_to");
  };
  const std::vector<Var> twice = record(sigmoid(a), sigmoid(a));
  CHECK(summed(twice) == 1);
  const Var other = 1.0 / (1.0 + exp(0.0 - a));
  const std::vector<Var> apart = record(sigmoid(a), other);
  CHECK(summed(apart) == 2);
  std::vector<Var> all = twice;
  all.insert(all.end(), apart.begin(), apart.end());
  const auto found = values(tape, {a, x, h}, all);
  for (std::size_t i = 0; i < 4; ++i) CHECK(distance(found[i], found[i + 4]) <= 1e-12);
}

TEST_CASE("[equal work] states that are made alike have trajectories with derivatives of their own") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 5}), h = tape.input("h", {B, 5}), g = tape.input("g", {B, 5});
  const Scanned s = scan(
      [&](const auto& in, const auto& state) {
        return Step{{tanh(state[0] * in[0]), tanh(state[0] * in[0])}};
      },
      {x}, {h, g});
  const Var loss = sum(s.final_state[0]) + 2.0 * sum(s.final_state[1]);
  const std::vector<Var> t = gradients(loss, s.state_trajectory);
  const auto found = values(tape, {x, h, g}, {t[0], t[1]});
  for (std::int64_t i = 0; i < 15; ++i) {
    CHECK(found[0][45 + i] == 1);  // the last step
    CHECK(found[1][45 + i] == 2);
    CHECK(found[1][30 + i] == 0);  // which no later step reads
    CHECK(found[0][30 + i] != 0);
  }
}

TEST_CASE("[equal work] so has a trajectory whose last state is made behind the scan, and again outside") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 5}), h = tape.input("h", {B, 5}), y = tape.input("y", {B, 5});
  const Var C = tape.input("C", {5, 5});
  const Scanned s = scan(
      [&](const auto& in, const auto& state) {
        const Var next = tanh(state[0] * in[0]);
        return Step{{next, linear(next, C)}};
      },
      {x}, {h, y});
  const Var again = linear(s.final_state[0], C);
  const Var loss = sum(s.final_state[1]) + 4.0 * sum(again);
  const std::vector<Var> g = gradients(loss, {s.state_trajectory[1], C});
  const Var whole = gradients(5.0 * sum(again), {C})[0];
  const auto found = values(tape, {x, h, y, C}, {g[0], g[1], whole});
  for (std::int64_t i = 0; i < 15; ++i) {
    CHECK(found[0][45 + i] == 1);
    CHECK(found[0][30 + i] == 0);
  }
  CHECK(distance(found[1], found[2]) <= 1e-12);
}
