#include "framework/plan/plan.hpp"

#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

/// A vanilla net with its loss and all gradients, bound to random values.
struct LastStepNet {
  Tape tape;
  Var x = tape.input("x", {T, B, 3}), target = tape.input("target", {B, 2});
  SequenceModel model{make_cell("vanilla", {3, 5, "tanh"}), 2, Readout::last};
  Parameters p{tape, model.parameters()};
  Var loss = mse(model.record(x, p).outputs, target);
  std::vector<Var> outputs = gradients(loss, p.all());
  std::vector<Tensor<float>> weights;
  Tensor<float> batch, labels;

  LastStepNet() {
    outputs.push_back(loss);
    std::uint64_t seed = 0;
    for (const ParameterSpec& spec : model.parameters())
      weights.push_back(random_tensor<float>(spec.shape, ++seed));
  }

  void bind(Plan<float>& plan, std::int64_t steps, std::int64_t rows) {
    batch = random_tensor<float>({steps, rows, 3}, 100);
    labels = random_tensor<float>({rows, 2}, 101);
    plan.bind(x, batch);
    plan.bind(target, labels);
    for (std::size_t i = 0; i < weights.size(); ++i) plan.bind(p.all()[i], weights[i]);
  }

  std::vector<Tensor<float>> results(const PlanOptions& options = {}, std::int64_t steps = 6,
                                     std::int64_t rows = 4) {
    Plan<float> plan(tape, outputs, options);
    bind(plan, steps, rows);
    plan.run();
    std::vector<Tensor<float>> values;
    for (const Var& v : outputs) values.push_back(plan.tensor(v));
    return values;
  }
};

double largest_difference(const Tensor<float>& a, const Tensor<float>& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::size_t k = 0; k < a.span().size(); ++k)
    if (!(std::abs(double{a[k]} - b[k]) <= largest)) largest = std::abs(double{a[k]} - b[k]);
  return largest;
}

}  // namespace

TEST_CASE("[plan] passes that change no arithmetic can be left out without changing a bit") {
  LastStepNet net;
  const std::vector<Tensor<float>> expected = net.results();
  for (const std::string_view pass :
       {"common-subexpressions", "reshape-in-place", "memory-reuse", "shared-history", "broadcast-once",
        "fused-chains", "written-in-place"}) {
    const std::vector<Tensor<float>> without = net.results({.without = {pass}});
    INFO(pass);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(without[i].same_bits(expected[i]));
  }
}

TEST_CASE("[plan] a pass that there is not is refused with the names of those that there are") {
  LastStepNet net;
  CHECK_THROWS_WITH_AS(Plan<float>(net.tape, net.outputs, {.without = {"fused_chains"}}),
                       doctest::Contains("no pass 'fused_chains'; passes are single-steps"),
                       std::invalid_argument);
}

TEST_CASE("[plan] work that a loop does once counts once") {
  LastStepNet net;
  const auto flops = [&](std::vector<std::string_view> without) {
    return Plan<float>(net.tape, net.outputs, {.without = std::move(without)}).flops({1000, 4});
  };
  // W_hh and W_xh are transposed once in a run, whatever its length.
  CHECK(flops({}) - flops({"transposed-weights"}) == 5 * 5 + 5 * 3);
  CHECK(flops({}) - flops({"broadcast-once"}) == 4 * 5);
}

TEST_CASE("[plan] memory reuse saves memory") {
  LastStepNet net;
  const std::size_t reused = Plan<float>(net.tape, net.outputs).peak_bytes({100, 20});
  const std::size_t apart =
      Plan<float>(net.tape, net.outputs, {.without = {"memory-reuse"}}).peak_bytes({100, 20});
  CHECK(reused < apart);
}

TEST_CASE("[plan] run() allocates nothing once it has seen the largest sizes and made its code") {
  LastStepNet net;
  Plan<float> plan(net.tape, net.outputs);
  const auto allocated = [&] {
    const std::int64_t before = allocations();
    plan.run();
    return allocations() - before;
  };
  net.bind(plan, 50, 8);
  CHECK(allocated() > 0);
  for (const auto& [steps, rows] : {std::pair{50, 8}, {10, 8}, {50, 3}, {1, 1}, {50, 8}}) {
    net.bind(plan, steps, rows);
    for (int run = 0; run < 64; ++run) plan.run();
    CHECK(allocated() == 0);
  }
}

TEST_CASE("[plan] what depends on frozen inputs alone is computed when they are bound") {
  LastStepNet net;
  Plan<float> plan(net.tape, net.outputs, {.frozen = net.p.all()});
  CHECK(occurrences(plan.to_text(), "once %transpose") > 0);
  const auto check = [&](std::int64_t steps, std::int64_t rows) {
    const std::vector<Tensor<float>> expected = net.results({}, steps, rows);
    plan.bind(net.x, net.batch);
    plan.bind(net.target, net.labels);
    plan.run();
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(largest_difference(plan.tensor(net.outputs[i]), expected[i]) <= 1e-6);
  };
  net.bind(plan, 6, 4);
  for (const auto& [steps, rows] : {std::pair{6, 4}, {6, 4}, {1, 1}, {9, 7}}) check(steps, rows);
  // Another tensor, and other elements of the same one, are seen when they are bound.
  for (Tensor<float>& weight : net.weights) weight[0] += 1;
  for (std::size_t i = 0; i < net.weights.size(); ++i) plan.bind(net.p.all()[i], net.weights[i]);
  check(9, 7);
  check(6, 4);
}

TEST_CASE("[plan] only inputs can be frozen, and one that is not bound is named") {
  LastStepNet net, other;
  using Options = PlanOptions;
  CHECK_THROWS_AS(Plan<float>(net.tape, net.outputs, Options{.frozen = {net.loss}}), std::invalid_argument);
  CHECK_THROWS_AS(Plan<float>(net.tape, net.outputs, Options{.frozen = {other.x}}), std::invalid_argument);
  Plan<float> plan(net.tape, net.outputs, {.frozen = net.p.all()});
  const Tensor<float> x = random_tensor<float>({2, 1, 3}, 1), labels = random_tensor<float>({1, 2}, 2);
  plan.bind(net.x, x);
  plan.bind(net.target, labels);
  CHECK_THROWS_AS(plan.run(), std::invalid_argument);
}

TEST_CASE("[plan] a run of one step computes what the loop does, and the next runs may be longer again") {
  LastStepNet net;
  Plan<float> plan(net.tape, net.outputs), frozen(net.tape, net.outputs, {.frozen = net.p.all()});
  for (const auto& [steps, rows] : {std::pair{1, 4}, {5, 4}, {1, 1}, {1, 4}}) {
    const std::vector<Tensor<float>> expected = net.results({.without = {"single-steps"}}, steps, rows);
    for (Plan<float>* each : {&plan, &frozen}) {
      net.bind(*each, steps, rows);
      each->run();
      CHECK(each->peak_bytes({1, rows}) < each->peak_bytes({5, rows}));
      for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(largest_difference(each->tensor(net.outputs[i]), expected[i]) <= 1e-6);
    }
  }
}

TEST_CASE("[plan] a run of one step reads tokens, too") {
  Tape tape;
  const Var tokens = tape.index_input("tokens", {T, B}), table = tape.input("E", {5, 3});
  const auto made = scan([&](const std::vector<Var>& x,
                             const std::vector<Var>& h) { return Step{{tanh(gather(table, x[0]) + h[0])}}; },
                         {tokens}, {tape.fill(0, {B, 3})});
  Plan<float> plan(tape, {made.final_state[0]});
  const Tensor<float> values = random_tensor<float>({5, 3}, 1);
  plan.bind(table, values);
  for (const std::int64_t steps : {2, 1}) {
    Tensor<std::int64_t> given({steps, 2});
    given[2 * steps - 1] = 4;
    plan.bind(tokens, given);
    plan.run();
    const float before = steps == 2 ? std::tanh(values[0]) : 0.0f;
    CHECK(plan.value(made.final_state[0])[3] == doctest::Approx(std::tanh(values[12] + before)));
  }
}

TEST_CASE("[plan] one plan serves every T and B, with the bits of a plan made for them") {
  LastStepNet net;
  Plan<float> plan(net.tape, net.outputs);
  for (const auto& [steps, rows] : {std::pair{9, 7}, {1, 1}, {4, 2}, {30, 5}}) {
    const std::vector<Tensor<float>> expected = net.results({}, steps, rows);
    net.bind(plan, steps, rows);
    plan.run();
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(plan.tensor(net.outputs[i]).same_bits(expected[i]));
  }
}

TEST_CASE("[plan] what no output needs is not computed") {
  Tape tape;
  const Var x = tape.input("x", {B}), unused = tape.input("unused", {B});
  const Var wanted = exp(x), dropped = log(unused) + tanh(x);
  const Scanned s = scan(
      [&](const auto&, const auto& h) {
        return Step{{h[0] + 1.0, sin(h[1])}, {cos(h[1])}};
      },
      {}, {x, x}, {.length = Dim(4)});
  Plan<double> plan(tape, {wanted, s.final_state[0]});
  const std::string text = plan.to_text();
  for (const char* gone : {"log", "tanh", "sin", "cos"}) CHECK(occurrences(text, gone) == 0);
  CHECK(occurrences(text, "= exp") == 1);
  const Tensor<double> value(Shape{2}, 0.5);
  plan.bind(x, value);
  plan.run();  // `unused` need not be bound
  CHECK(plan.value(s.final_state[0])[0] == 4.5);
  CHECK_THROWS_WITH_AS(plan.value(dropped), doctest::Contains("no output of the plan"),
                       std::invalid_argument);
}

TEST_CASE("[plan] equal work is done once") {
  Tape tape;
  const Var x = tape.input("x", {B}), y = tape.input("y", {B});
  const Var a = tanh(x * y) + tanh(x * y), b = tanh(y * x);
  CHECK(occurrences(Plan<double>(tape, {a, b}).to_text(), "= tanh") == 2);  // x*y and y*x are two products
  CHECK(occurrences(Plan<double>(tape, {a, b}, {.without = {"common-subexpressions"}}).to_text(), "= tanh") ==
        3);
}

TEST_CASE("[plan] work that depends on parameters alone leaves the loop") {
  Tape tape;
  const Var W = tape.input("W", {3, 3}), h = tape.input("h", {B, 3});
  const Scanned s = scan(
      [&](const auto&, const auto& state) {
        const Var zero = state[0] * 0.0;
        return Step{{linear(state[0], W - transpose(W)) + exp(zero.tape().fill(2, {3}))}};
      },
      {}, {h}, {.length = T});
  const std::string text = Plan<double>(tape, {s.final_state[0]}).to_text();
  for (const char* first : {"= transpose", "= sub", "= exp"})
    CHECK(text.find(first) < text.find("for each step"));
}

TEST_CASE("[plan] wrong inputs are refused with name and both shapes") {
  LastStepNet net;
  Plan<float> plan(net.tape, net.outputs);
  CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("'x' of shape (T, B, 3) is not bound"),
                       std::invalid_argument);
  net.bind(plan, 4, 2);
  const Tensor<float> wide({4, 2, 4}), more({3, 2}), flat({8, 3});
  plan.bind(net.x, wide);
  CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("recorded as (T, B, 3), but is bound to (4, 2, 4)"),
                       std::invalid_argument);
  plan.bind(net.x, flat);
  CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("number of axes"), std::invalid_argument);
  net.bind(plan, 4, 2);
  plan.bind(net.target, more);
  CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("B = "), std::invalid_argument);
  const Tensor<std::int64_t> integers({4, 2, 3});
  CHECK_THROWS_WITH_AS(plan.bind(net.x, integers), doctest::Contains("real numbers"), std::invalid_argument);
  CHECK_THROWS_AS(plan.bind(net.loss, more), std::invalid_argument);
}

TEST_CASE("[plan] outputs own their bytes: changing them in place changes no later run") {
  Tape tape;
  const Var w = tape.input("w", {}), b = tape.input("b", {}), c = tape.input("c", {});
  // The gradients of b and c are the seed of the whole reverse pass, and equal.
  std::vector<Var> outputs = gradients(square(w) + b + c, {w, b, c});
  outputs.push_back(b);  // an input put out
  outputs.push_back(reshape(outputs[0], {1}));
  Plan<double> plan(tape, outputs);
  Tensor<double> value(Shape{}, 3.0);
  for (const Var& v : {w, b, c}) plan.bind(v, value);
  for (int run = 0; run < 3; ++run) {
    plan.run();
    const double expected[] = {6, 1, 1, 3, 6};
    for (std::size_t i = 0; i < outputs.size(); ++i) CHECK(plan.value(outputs[i])[0] == expected[i]);
    for (const Var& v : outputs) plan.mutable_value(v)[0] *= 0.5;
    for (std::size_t i = 0; i < outputs.size(); ++i) CHECK(plan.value(outputs[i])[0] == 0.5 * expected[i]);
  }
  CHECK(value[0] == 3);
}

TEST_CASE("[plan] tensors are bound by reference and looked at when the plan runs") {
  LastStepNet net;
  Plan<float> plan(net.tape, net.outputs);
  net.bind(plan, 4, 2);
  plan.run();
  net.batch = random_tensor<float>({9, 2, 3}, 100);  // another length, in the tensor that is bound
  plan.run();
  CHECK(plan.tensor(net.loss).same_bits(net.results({}, 9, 2).back()));
}

TEST_CASE("[plan] a T that nothing tells, and Vars of another tape, are refused") {
  Tape tape, other;
  const Var h = tape.input("h", {2}), foreign = other.input("foreign", {2});
  const Scanned s =
      scan([](const auto&, const auto& state) { return Step{{tanh(state[0])}}; }, {}, {h}, {.length = T});
  Plan<double> plan(tape, {s.final_state[0]});
  const Tensor<double> value(Shape{2}, 0.5);
  plan.bind(h, value);
  CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("T is needed"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(plan.bind(foreign, value), doctest::Contains("only inputs of the tape"),
                       std::invalid_argument);
  CHECK_THROWS_AS(plan.value(foreign), std::invalid_argument);
  CHECK(plan.reads(h));
  CHECK_FALSE(plan.reads(foreign));
}

TEST_CASE("[plan] an index outside its table ends the run, and the plan can be used again") {
  Tape tape;
  const Var table = tape.input("table", {3, 2}), index = tape.index_input("index", {B});
  const Var rows = gather(table, index);
  Plan<float> plan(tape, {rows});
  const Tensor<float> values(Shape{3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor<std::int64_t> bad(Shape{2}, {0, 3}), good(Shape{2}, {2, 0});
  plan.bind(table, values);
  plan.bind(index, bad);
  CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("index 3 at position 1 is outside 0..2"),
                       std::out_of_range);
  plan.bind(index, good);
  plan.run();
  CHECK(plan.tensor(rows).same_bits(Tensor<float>(Shape{2, 2}, {5, 6, 1, 2})));
}

TEST_CASE("[plan] floating-point operations are those of the products and one per element") {
  Tape tape;
  const Var a = tape.input("a", {B, 3}), b = tape.input("b", {3, 4});
  Plan<float> plan(tape, {tanh(matmul(a, b))});
  CHECK(plan.flops({1, 10}) == 2 * 10 * 3 * 4 + 10 * 4);
}
