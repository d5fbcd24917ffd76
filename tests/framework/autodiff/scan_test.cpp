#include "framework/autodiff/scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

/// A step with everything that a scan offers: two states, an input, captures, stacked and summed results.
struct Rich {
  Tape tape;
  Var x, h0, c0, W, U, b;
  Scanned scanned;

  explicit Rich(Dim length = T, bool reverse = false)
      : x(tape.input("x", {length, B, 3})),
        h0(tape.input("h0", {B, 4})),
        c0(tape.input("c0", {B, 4})),
        W(tape.input("W", {4, 3})),
        U(tape.input("U", {4, 4})),
        b(tape.input("b", {4})),
        scanned(scan([this](const auto& in, const auto& s) { return step(in[0], s); }, {x}, {h0, c0},
                     {.length = {}, .reverse = reverse})) {}

  Step step(Var x_t, const std::vector<Var>& s) const {
    const Var gate = sigmoid(linear(x_t, W) + linear(s[0], U) + b);
    const Var c = gate * s[1] + (1.0 - gate) * tanh(linear(s[0], U));
    const Var h = gate * tanh(c);
    return {{h, c}, {square(h) + c, s[0]}, {h * c, linear(x_t, W)}};
  }

  std::vector<Var> inputs() const { return {x, h0, c0, W, U, b}; }

  /// A scalar that every result contributes to, with unequal weights.
  Var loss() const {
    Var total = sum(scanned.final_state[0] * scanned.final_state[1]);
    total =
        total + 0.7 * sum(sin(scanned.state_trajectory[0])) + 0.3 * sum(square(scanned.state_trajectory[1]));
    total = total + 0.9 * sum(scanned.stacked[0]) + 1.1 * sum(cos(scanned.stacked[1]));
    return total + 0.6 * sum(square(scanned.summed[0])) + 0.4 * sum(scanned.summed[1]);
  }
};

double relative(double a, double b) { return std::abs(a - b) / std::max({std::abs(a), std::abs(b), 1e-300}); }

}  // namespace

TEST_CASE("[scan] gradients of states, inputs, captures, stacked and summed results agree with differences") {
  for (const bool reverse : {false, true}) {
    Rich rich(T, reverse);
    const GradcheckReport report = gradcheck(rich.loss(), rich.inputs());
    INFO(report.to_text());
    CHECK(report.ok());
    CHECK(report.entries.size() > 80);
  }
}

TEST_CASE("[scan] second derivatives through time agree with differences") {
  Rich rich;
  Var total = rich.tape.zeros({});
  for (const Var& g : gradients(rich.loss(), rich.inputs())) total = total + sum(square(g));
  const GradcheckReport report = gradcheck(total, rich.inputs());
  INFO(report.to_text());
  CHECK(report.ok());
}

TEST_CASE("[scan] a second gradient of the same loss does not disturb the first") {
  Rich rich;
  const Var loss = rich.loss();
  const std::vector<Var> first = gradients(loss, rich.inputs()), second = gradients(loss, rich.inputs());
  std::vector<Var> differences;
  for (std::size_t i = 0; i < first.size(); ++i) differences.push_back(sum(square(first[i] - second[i])));
  Plan<double> plan(rich.tape, differences);
  std::vector<Tensor<double>> values;
  for (const Var& v : rich.inputs()) values.push_back(random_tensor<double>(resolve(v.dims(), {5, 2}), 3));
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(rich.inputs()[i], values[i]);
  plan.run();
  for (const Var& d : differences) CHECK(plan.value(d)[0] == 0);
}

TEST_CASE("[scan] one scan over T is two scans over T1 and T2, one after the other") {
  Tape tape;
  const Var x = tape.input("x", {7, 2, 3}), h = tape.input("h", {2, 4});
  const Var W = tape.input("W", {4, 3}), U = tape.input("U", {4, 4});
  const auto step = [&](const std::vector<Var>& in, const std::vector<Var>& s) {
    return Step{{tanh(linear(in[0], W) + linear(s[0], U))}};
  };
  const Var whole = scan(step, {x}, {h}).final_state[0];
  const Var half = scan(step, {slice(x, 0, 0, 3)}, {h}).final_state[0];
  const Var parts = scan(step, {slice(x, 0, 3, 4)}, {half}).final_state[0];
  const std::vector<Var> wrt = {x, h, W, U};
  std::vector<Var> outputs = {whole, parts};
  for (const Var& loss : {sum(square(whole)), sum(square(parts))})
    for (const Var& g : gradients(loss, wrt)) outputs.push_back(g);
  Plan<double> plan(tape, outputs);
  std::vector<Tensor<double>> values;
  for (const Var& v : wrt) values.push_back(random_tensor<double>(resolve(v.dims(), {}), 5));
  for (std::size_t i = 0; i < wrt.size(); ++i) plan.bind(wrt[i], values[i]);
  plan.run();
  CHECK(plan.tensor(whole).same_bits(plan.tensor(parts)));
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    const auto a = plan.value(outputs[2 + i]), b = plan.value(outputs[2 + wrt.size() + i]);
    for (std::size_t j = 0; j < a.size(); ++j) CHECK(a[j] == doctest::Approx(b[j]).epsilon(1e-12));
  }
}

TEST_CASE("[scan] a scan equals its steps written out by hand") {
  Rich rich(3);
  const auto at = [&](std::int64_t t) { return reshape(slice(rich.x, 0, t, 1), {B, 3}); };
  std::vector<Var> state = {rich.h0, rich.c0};
  Var stacked = rich.tape.zeros({}), summed = rich.tape.zeros({});
  for (std::int64_t t = 0; t < 3; ++t) {
    const Step s = rich.step(at(t), state);
    stacked = stacked + sum(s.stacked[0]);
    summed = summed + sum(s.summed[0]);
    state = s.state;
  }
  const std::vector<std::pair<Var, Var>> pairs = {{rich.scanned.final_state[0], state[0]},
                                                  {rich.scanned.final_state[1], state[1]},
                                                  {sum(rich.scanned.stacked[0]), stacked},
                                                  {sum(rich.scanned.summed[0]), summed}};
  std::vector<Var> outputs;
  for (const auto& [a, b] : pairs) {
    outputs.insert(outputs.end(), {a, b});
    for (const Var& loss : {sum(square(a)), sum(square(b))})
      for (const Var& g : gradients(loss, rich.inputs())) outputs.push_back(g);
  }
  Plan<double> plan(rich.tape, outputs);
  std::vector<Tensor<double>> values;
  for (const Var& v : rich.inputs()) values.push_back(random_tensor<double>(resolve(v.dims(), {3, 2}), 8));
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(rich.inputs()[i], values[i]);
  plan.run();
  const std::size_t group = 2 + 2 * rich.inputs().size();
  const auto check = [&](std::size_t a, std::size_t b) {
    const auto va = plan.value(outputs[a]), vb = plan.value(outputs[b]);
    REQUIRE(va.size() == vb.size());
    for (std::size_t j = 0; j < va.size(); ++j) CHECK(va[j] == doctest::Approx(vb[j]).epsilon(1e-11));
  };
  for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
    check(pair * group, pair * group + 1);
    for (std::size_t i = 0; i < rich.inputs().size(); ++i)
      check(pair * group + 2 + i, pair * group + 2 + rich.inputs().size() + i);
  }
}

TEST_CASE("[scan] sequences of a batch do not see each other") {
  Rich rich;
  Plan<double> plan(rich.tape,
                    {rich.scanned.final_state[0], gradients(sum(rich.scanned.final_state[0]), {rich.x})[0]});
  std::vector<Tensor<double>> values;
  for (const Var& v : rich.inputs()) values.push_back(random_tensor<double>(resolve(v.dims(), {4, 2}), 11));
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(rich.inputs()[i], values[i]);
  plan.run();
  const Tensor<double> before = plan.tensor(rich.scanned.final_state[0]);
  for (std::int64_t t = 0; t < 4; ++t) values[0][(t * 2 + 1) * 3] += 1;  // the second sequence only
  plan.run();
  const Tensor<double> after = plan.tensor(rich.scanned.final_state[0]);
  for (std::int64_t i = 0; i < 4; ++i) CHECK(before[i] == after[i]);
  bool moved = false;
  for (std::int64_t i = 4; i < 8; ++i) moved = moved || before[i] != after[i];
  CHECK(moved);
}

TEST_CASE("[scan] the state's gradient at every step is g^(T-t) for a linear net scaled by g") {
  constexpr std::int64_t steps = 40;
  for (const double g : {0.5, 0.9, 1.0, 1.1}) {
    Tape tape;
    const Var h0 = tape.input("h0", {2, 3});
    Tensor<double> rotation(Shape{3, 3}, {0, g, 0, 0, 0, g, g, 0, 0});  // g times a permutation: orthogonal
    const Var W = tape.constant(rotation);
    const Scanned s = scan([&](const auto&, const auto& h) { return Step{{linear(h[0], W)}}; }, {}, {h0},
                           {.length = Dim(steps)});
    const Var d = gradients(sum(s.final_state[0]), {s.state_trajectory[0]})[0];
    Plan<double> plan(tape, {d});
    const Tensor<double> start = random_tensor<double>({2, 3}, 1);
    plan.bind(h0, start);
    plan.run();
    const Tensor<double> gradient = plan.tensor(d);
    REQUIRE(gradient.shape() == Shape{steps, 2, 3});
    for (std::int64_t t = 0; t < steps; ++t)
      CHECK(relative(gradient[t * 6], std::pow(g, static_cast<double>(steps - 1 - t))) < 1e-13);
  }
}

TEST_CASE(
    "[scan] the trajectory's gradient counts the recurrence, a stacked copy's only what is downstream") {
  Tape tape;
  const Var h0 = tape.input("h0", {1});
  const Scanned s = scan(
      [&](const auto&, const auto& h) {
        const Var next = 2.0 * h[0];
        return Step{{next}, {next}};
      },
      {}, {h0}, {.length = Dim(3)});
  const Var loss = sum(s.final_state[0]) + sum(s.stacked[0]);
  const std::vector<Var> g = gradients(loss, {s.state_trajectory[0], s.stacked[0]});
  Plan<double> plan(tape, g);
  const Tensor<double> one(Shape{1}, 1.0);
  plan.bind(h0, one);
  plan.run();
  // h_3 is read by the final state and its stacked copy; h_2 = h_3 / 2 by its own copy too; and so on.
  CHECK(plan.value(g[0])[2] == 2);
  CHECK(plan.value(g[0])[1] == 2 * 2 + 1);
  CHECK(plan.value(g[0])[0] == 2 * 5 + 1);
  for (int t = 0; t < 3; ++t) CHECK(plan.value(g[1])[t] == 1);
}

TEST_CASE("[scan] no steps at all: final states are the initial ones, sums are 0, gradients pass through") {
  Rich rich;
  const Var loss = sum(square(rich.scanned.final_state[0])) + sum(rich.scanned.summed[0]);
  const std::vector<Var> g = gradients(loss, {rich.h0, rich.U, rich.x});
  Plan<double> plan(rich.tape, {rich.scanned.final_state[0], rich.scanned.summed[0], g[0], g[1], g[2]});
  std::vector<Tensor<double>> values;
  for (const Var& v : rich.inputs()) values.push_back(random_tensor<double>(resolve(v.dims(), {0, 2}), 2));
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(rich.inputs()[i], values[i]);
  plan.run();
  CHECK(plan.tensor(rich.scanned.final_state[0]).same_bits(values[1]));
  for (const double x : plan.value(rich.scanned.summed[0])) CHECK(x == 0);
  for (std::int64_t i = 0; i < values[1].numel(); ++i) CHECK(plan.value(g[0])[i] == 2 * values[1][i]);
  for (const double x : plan.value(g[1])) CHECK(x == 0);
  CHECK(plan.tensor(g[2]).shape() == Shape{0, 2, 3});
}

TEST_CASE("[scan] the step may read the absolute time step and index inputs") {
  Tape tape;
  const Var table = tape.input("table", {5, 2}), index = tape.index_input("index", {T, B});
  const Var update = tape.index_input("update", {}), row = tape.index_input("row", {});
  const Scanned s = scan(
      [&](const auto& in, const auto& h) {
        const Var mask = random_mask(update, step_index(h[0]), row, {B, 2}, 0.5, 42, 0);
        return Step{{tanh(h[0] * mask + gather(table, in[0]))}, {mask}};
      },
      {index}, {tape.zeros({B, 2})});
  GradcheckPoint at;
  at.index[index] = Tensor<std::int64_t>(Shape{4, 3}, {0, 1, 2, 3, 4, 0, 1, 1, 1, 2, 3, 4});
  at.index[update] = Tensor<std::int64_t>(Shape{}, {9});
  at.index[row] = Tensor<std::int64_t>(Shape{}, {0});
  const GradcheckReport report = gradcheck(sum(square(s.final_state[0])), {table}, at);
  INFO(report.to_text());
  CHECK(report.ok());

  Plan<double> plan(tape, {s.stacked[0]});
  plan.bind(index, at.index[index]);
  plan.bind(update, at.index[update]);
  plan.bind(row, at.index[row]);
  plan.run();
  const Tensor<double> masks = plan.tensor(s.stacked[0]);
  bool steps_differ = false;
  for (std::int64_t i = 0; i < 6; ++i) steps_differ = steps_differ || masks[i] != masks[6 + i];
  CHECK(steps_differ);
}

TEST_CASE("[scan] a state that only passes through, is swapped or is constant is carried rightly") {
  Tape tape;
  const Var a0 = tape.input("a", {2}), b0 = tape.input("b", {2}), c0 = tape.input("c", {2});
  const Scanned s = scan(
      [&](const auto&, const auto& h) {
        return Step{{h[1], h[0], h[2]}, {h[2]}};
      },
      {}, {a0, b0, c0}, {.length = Dim(3)});
  Plan<double> plan(
      tape, {s.final_state[0], s.final_state[1], s.final_state[2], s.state_trajectory[0], s.stacked[0]});
  const Tensor<double> a(Shape{2}, {1.0, 2.0}), b(Shape{2}, {3.0, 4.0}), c(Shape{2}, {5.0, 6.0});
  plan.bind(a0, a);
  plan.bind(b0, b);
  plan.bind(c0, c);
  plan.run();
  CHECK(plan.tensor(s.final_state[0]).same_bits(b));  // three swaps
  CHECK(plan.tensor(s.final_state[1]).same_bits(a));
  CHECK(plan.tensor(s.final_state[2]).same_bits(c));
  CHECK(plan.tensor(s.state_trajectory[0])
            .same_bits(Tensor<double>(Shape{3, 2}, {3.0, 4.0, 1.0, 2.0, 3.0, 4.0})));
}

TEST_CASE("[scan] recording costs the same at any length, and one recording serves every T and B") {
  Rich rich;
  const std::size_t nodes = rich.tape.nodes().size();
  Rich longer(Dim(1'000'000));
  CHECK(longer.tape.nodes().size() == nodes);
}

TEST_CASE("[scan] misuse is refused with the reason") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 3}), y = tape.input("y", {5, B, 3}), h = tape.input("h", {B, 3});
  const auto keep = [](const std::vector<Var>&, const std::vector<Var>& s) { return Step{s}; };
  CHECK_THROWS_WITH_AS(scan(keep, {x, y}, {h}), doctest::Contains("time-major"), ShapeError);
  CHECK_THROWS_WITH_AS(scan(keep, {}, {h}), doctest::Contains("length"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(scan(keep, {}, {}), doctest::Contains("input or a state"), std::invalid_argument);
  const auto shrink = [](const std::vector<Var>&, const std::vector<Var>& s) { return Step{{sum(s[0], 1)}}; };
  CHECK_THROWS_WITH_AS(scan(shrink, {x}, {h}), doctest::Contains("(B, 3) before the step and (B) after"),
                       ShapeError);
  const auto forget = [](const std::vector<Var>&, const std::vector<Var>&) { return Step{{}}; };
  CHECK_THROWS_WITH_AS(scan(forget, {x}, {h}), doctest::Contains("returned 0 states, 1 were given"),
                       std::invalid_argument);
  const auto nested = [&](const std::vector<Var>&, const std::vector<Var>& s) {
    return Step{scan(keep, {}, {s[0]}, {.length = Dim(2)}).final_state};
  };
  CHECK_THROWS_WITH_AS(scan(nested, {x}, {h}), doctest::Contains("a scan in a scan"), std::invalid_argument);
  Var leaked;
  const auto leak = [&](const std::vector<Var>& in, const std::vector<Var>& s) {
    leaked = in[0];
    return Step{s};
  };
  scan(leak, {x}, {h});
  CHECK_THROWS_WITH_AS(leaked * h, doctest::Contains("return it from the step instead"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(h * Var(), doctest::Contains("empty Var"), std::invalid_argument);
  const auto count_steps = [&](const std::vector<Var>& in, const std::vector<Var>& s) {
    return Step{s, {step_index(in[0])}};
  };
  CHECK_THROWS_WITH_AS(scan(count_steps, {x}, {h}),
                       doctest::Contains("stacked value 0 of the step is an index"), std::invalid_argument);
}

TEST_CASE("[scan] a delayed state has a trajectory gradient of its own") {
  Tape tape;
  const Var h0 = tape.input("h0", {2}), s0 = tape.input("s0", {2});
  const Scanned s = scan(
      [&](const auto&, const auto& h) {
        return Step{{tanh(h[0] + h[0]), h[0]}};
      },
      {}, {h0, s0}, {.length = Dim(4)});
  // The delay is never read, so nothing depends on it.
  const std::vector<Var> g = gradients(sum(s.final_state[0]), {s.state_trajectory[0], s.state_trajectory[1]});
  Plan<double> plan(tape, g);
  const Tensor<double> start(Shape{2}, {0.1, -0.2});
  plan.bind(h0, start);
  plan.bind(s0, start);
  plan.run();
  for (const double x : plan.value(g[0])) CHECK(x != 0);
  for (const double x : plan.value(g[1])) CHECK(x == 0);
}

TEST_CASE("[scan] an outer product is made again for the reverse pass, and what it is made of is kept") {
  Tape tape;
  const Var u = tape.input("u", {T, B, 4}), v = tape.input("v", {T, B, 5}), a = tape.input("a", {T, B, 1, 1});
  const Var S = scan([](const auto& in, const auto& s) { return Step{{s[0] + in[2] * outer(in[0], in[1])}}; },
                     {u, v, a}, {tape.zeros({B, 4, 5})})
                    .final_state[0];
  const Var loss = sum(square(S));
  const std::size_t recorded = tape.values().size();
  gradients(loss, {u, v, a});
  REQUIRE(tape.values().size() > recorded);
  for (std::size_t i = recorded; i < tape.values().size(); ++i)
    CHECK(to_string(tape.values()[i].dims) != "(T, B, 4, 5)");
  CHECK(gradcheck(loss, {u, v, a}).ok());
}

namespace {

/// A step that makes its weights of others: what it computes from captures alone is also stacked, summed and
/// a state.
struct Steady {
  Tape tape;
  Var x = tape.input("x", {T, B, 3}), h = tape.input("h", {B, 4}), k = tape.input("k", {4});
  Var a = tape.input("a", {4}), W = tape.input("W", {4, 3});
  Scanned scanned = scan(
      [this](const auto& in, const auto& s) {
        const Var decay = exp(-square(a)), weights = sin(W) * sum(decay);
        const Var next = decay * s[0] + linear(in[0], weights) + s[1] * a;
        return Step{{next, 2.0 * decay}, {decay * s[0], decay}, {weights}};
      },
      {x}, {h, k});

  std::vector<Var> inputs() const { return {x, h, k, a, W}; }
  Var loss() const {
    const Var states = sum(square(scanned.final_state[0])) + sum(sin(scanned.final_state[1]));
    return states + sum(cos(scanned.stacked[0])) + 0.5 * sum(square(scanned.stacked[1])) +
           0.3 * sum(square(scanned.summed[0]));
  }
};

std::ptrdiff_t count_ops(const Tape& tape, std::string_view name) {
  return std::ranges::count_if(tape.nodes(), [&](const Node& node) { return node.op->name == name; });
}

}  // namespace

TEST_CASE("[scan] what a step computes from captures alone is gone back through once, behind the steps") {
  Steady steady;
  const Var loss = steady.loss();
  const std::ptrdiff_t cosines = count_ops(steady.tape, "cos");
  gradients(loss, steady.inputs());
  CHECK(count_ops(steady.tape, "cos") > cosines);  // of the sine of W
  const auto scan = std::find_if(steady.tape.nodes().rbegin(), steady.tape.nodes().rend(),
                                 [](const Node& node) { return node.op == &scan_op; });
  const Tape& back = scan->attrs.as<ScanAttrs>().body->tape;
  CHECK(count_ops(back, "mul") > 0);
  for (const char* name : {"cos", "exp", "sin", "square"}) CHECK(count_ops(back, name) == 0);
}

TEST_CASE("[scan] gradients through what a step computes from captures alone agree with differences") {
  Steady steady;
  const Var loss = steady.loss();
  CHECK(gradcheck(loss, steady.inputs()).ok());
  Var total = steady.tape.zeros({});
  for (const Var& g : gradients(loss, steady.inputs())) total = total + sum(square(g));
  const GradcheckReport second = gradcheck(total, steady.inputs());
  INFO(second.to_text());
  CHECK(second.ok());
}

TEST_CASE("[gradients] what a value gets along the axes of its broadcasts is added first and summed once") {
  Tape tape;
  const Var a = tape.input("a", {4}), x = tape.input("x", {B, 4}), y = tape.input("y", {T, B, 4});
  const Var rows = sum(a * x) + sum(sin(a + x)) + sum(square(a - x));
  gradients(rows, {a});
  CHECK(count_ops(tape, "sum_to") == 3 + 1);
  const Var mixed = rows + sum(cos(a * y)) + sum(square(a)) + sum(exp(a * x));
  const GradcheckReport report = gradcheck(mixed, {a, x, y});
  INFO(report.to_text());
  CHECK(report.ok());
}
