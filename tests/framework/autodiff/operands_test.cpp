#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

using Pull = const Pullback&;

/// a b + c d.
constexpr Op two_products{.name = "two_products",
                          .operands = {{.vjp = [](Pull p) { return p.g() * p.in(1); }},
                                       {.vjp = [](Pull p) { return p.g() * p.in(0); }},
                                       {.vjp = [](Pull p) { return p.g() * p.in(3); }},
                                       {.vjp = [](Pull p) { return p.g() * p.in(2); }},
                                       {.kind = Kind::integer}},
                          .shape = same_shape,
                          .forward = forward([](const auto& c) {
                            for (std::int64_t i = 0; i < c.out_shape->numel(); ++i)
                              c.out[i] = c.real(0)[i] * c.real(1)[i] + c.real(2)[i] * c.real(3)[i] +
                                         static_cast<std::decay_t<decltype(*c.out)>>(c.integer(4)[i]);
                          }),
                          .keep = Keep::inputs};

/// Greedy decoding: what is largest in the state says which row of the table comes next.
struct Greedy {
  Tape tape;
  Var table = tape.input("table", {4, 3}), weight = tape.input("weight", {4, 3}),
      start = tape.input("start", {B, 3}), x = tape.input("x", {T, B, 3});
  Scanned scanned = scan(
      [&](const std::vector<Var>& x_t, const std::vector<Var>& state) {
        const Var word = argmax(linear(state[0], weight));
        return Step{{tanh(x_t[0] + state[0] + gather(table, word))}};
      },
      {x}, {start});
};

const Tensor<double> table_values(Shape{4, 3}, {.1, -.7, .4, .9, -.2, .3, -.5, .6, -.8, .2, .5, -.3});

}  // namespace

TEST_CASE("[operands] a row may have five, of both kinds, and is differentiated by each of its rules") {
  Tape tape;
  std::vector<Var> x;
  for (int i = 0; i < 4; ++i) x.push_back(tape.input("x", {3}));
  std::vector<Var> in = x;
  in.push_back(tape.index_input("i", {3}));
  const Var y = record(two_products, in);
  const GradcheckReport report =
      gradcheck(y, x, {.real = {}, .index = {{in[4], Tensor<std::int64_t>(Shape{3}, {5, 0, 2})}}});
  CHECK_MESSAGE(report.ok(), report.to_text());
  CHECK(report.entries.size() == 4 * (3 * 3 + 3));
}

TEST_CASE("[operands] an integer result is an output of a plan, read as integers") {
  Tape tape;
  const Var x = tape.input("x", {B, 3});
  const Var largest = argmax(x), again = argmax(x), doubled = x + x;
  for (const std::vector<std::string_view>& without : {std::vector<std::string_view>{}, optional_passes()}) {
    Plan<float> plan(tape, {largest, again, identity(largest), doubled}, {.without = without});
    const Tensor<float> value(Shape{2, 3}, {1, 5, 2, 7, -1, 7});
    plan.bind(x, value);
    plan.run();
    const Tensor<std::int64_t> expected(Shape{2}, {1, 0});
    CHECK(plan.index_tensor(largest).same_bits(expected));
    CHECK(plan.index_tensor(again).same_bits(expected));
    CHECK_THROWS_WITH_AS(plan.value(largest),
                         "[Plan] this output holds integers: read it with index_value or index_tensor",
                         std::invalid_argument);
    CHECK_THROWS_AS(plan.mutable_value(largest), std::invalid_argument);
    CHECK_THROWS_AS(plan.tensor(largest), std::invalid_argument);
    CHECK_THROWS_WITH_AS(plan.index_value(doubled),
                         "[Plan] this output holds real numbers: read it with value or tensor",
                         std::invalid_argument);
  }
}

TEST_CASE("[operands] an index that is bound is an output like any other") {
  Tape tape;
  const Var i = tape.index_input("i", {B});
  Plan<float> plan(tape, {i});
  const Tensor<std::int64_t> value(Shape{3}, {std::int64_t{1} << 40, 2, -3});
  plan.bind(i, value);
  plan.run();
  CHECK(plan.index_tensor(i).same_bits(value));
}

TEST_CASE(
    "[operands] an integer result inside a step is read there, forward and backward, and cannot leave it") {
  Greedy greedy;
  const Tensor<double> weight_values(Shape{4, 3}, {.3, .1, -.9, -.4, .8, .2, .7, -.6, .1, -.2, -.5, .6});
  const Tensor<double> start_values(Shape{2, 3}, {.2, -.1, .4, -.6, .3, .5});
  Tensor<double> x_values(Shape{7, 2, 3});
  Stream stream(7, Purpose::check);
  for (double& value : x_values.span()) value = stream.uniform(-0.5, 0.5);
  const Var loss = sum(square(greedy.scanned.final_state[0]));
  const std::vector<Var> g = gradients(loss, {greedy.table, greedy.start});
  std::vector<Tensor<double>> first;
  for (const std::int64_t block : {0, 1, 3})
    for (const std::vector<std::string_view>& without :
         {std::vector<std::string_view>{}, optional_passes()}) {
      Plan<double> plan(greedy.tape, {loss, g[0], g[1]}, {.without = without, .block_steps = block});
      plan.bind(greedy.x, x_values);
      plan.bind(greedy.table, table_values);
      plan.bind(greedy.weight, weight_values);
      plan.bind(greedy.start, start_values);
      plan.run();
      std::vector<Tensor<double>> now = {plan.tensor(loss), plan.tensor(g[0]), plan.tensor(g[1])};
      if (first.empty()) first = now;
      for (std::size_t k = 0; k < now.size(); ++k)
        for (std::int64_t j = 0; j < now[k].numel(); ++j)
          CHECK(now[k][j] == doctest::Approx(first[k][j]).epsilon(1e-12));
    }
  const GradcheckReport report = gradcheck(loss, {greedy.table, greedy.start},
                                           {.real = {{greedy.table, table_values},
                                                     {greedy.weight, weight_values},
                                                     {greedy.start, start_values},
                                                     {greedy.x, x_values}},
                                            .index = {}},
                                           {.sizes = {7, 2}});
  CHECK_MESSAGE(report.ok(), report.to_text());

  const auto leaves = [&](const auto&, const auto& state) { return Step{{state[0]}, {argmax(state[0])}}; };
  CHECK_THROWS_WITH_AS(scan(leaves, {}, {greedy.start}, {.length = T}),
                       "[scan] stacked value 0 of the step is an index; only real values can leave a step",
                       std::invalid_argument);
}

TEST_CASE("[operands] an index has no gradient") {
  Tape tape;
  const Var x = tape.input("x", {3}), i = tape.index_input("i", {2});
  CHECK_THROWS_AS(gradients(argmax(x), {x}), std::invalid_argument);
  CHECK_THROWS_WITH_AS(gradients(sum(gather(x, i)), {i}),
                       "[gather] has no gradient with respect to operand 1", std::invalid_argument);
}

TEST_CASE("[operands] a row tells which function it is, and how it behaves over rows") {
  Tape tape;
  const Var x = tape.input("x", {2, 2});
  const auto op = [&](Var v) -> const Op& { return *tape.producer(v.id()).op; };
  CHECK(op(x + x).is(Binary::add));
  CHECK_FALSE(op(x - x).is(Binary::add));
  CHECK_FALSE(op(neg(x)).is(Binary::add));
  CHECK(op(neg(x)).is(Unary::neg));
  CHECK_FALSE(op(identity(x)).is(Unary::neg));
  CHECK(op(x).source());
  CHECK_FALSE(op(concat({x, x}, 0)).source());
  CHECK(op(matmul(x, x)).rows == Rows::product);
  CHECK(op(reshape(x, {4})).rows == Rows::reshape);
  CHECK(op(broadcast_to(x, {3, 2, 2})).rows == Rows::spread);
  CHECK(op(sum(x)).rows == Rows::sum);
}

TEST_CASE("[operands] attributes that name axes follow when a new axis comes in front") {
  Tape tape;
  const Var x = tape.input("x", {2, 3, 4}), wider = tape.input("wider", {5, 2, 3, 4});
  for (const Var y : {transpose(x), slice(x, 1, 1, 2), pad(x, -1, 2, 7), concat({x, x}, 1)}) {
    const Node& node = tape.producer(y.id());
    CAPTURE(node.op->name);
    const std::vector<Var> operands(node.inputs.size(), wider);
    Dims expected = y.dims();
    expected.insert(expected.begin(), 5);
    CHECK(record(*node.op, operands, node.op->behind_rows(node.attrs)).dims() == expected);
  }
}
