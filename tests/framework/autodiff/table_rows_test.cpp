#include "framework/autodiff/table_rows.hpp"

#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

using Take = Var (*)(Var, Var);

constexpr std::int64_t tokens = 5;

/// A scan over rows of a table, in a step that reads them in two products, one of them with a weight that
/// changes from step to step, and beside.
struct Reader {
  Tape tape;
  Var E, W, V, U, index, h0, loss;

  explicit Reader(Take take, bool reverse = false, std::int64_t rows = tokens)
      : E(tape.input("E", {rows, 3})),
        W(tape.input("W", {4, 3})),
        V(tape.input("V", {3, 4})),
        U(tape.input("U", {4, 4})),
        index(tape.index_input("index", {T, B})),
        h0(tape.input("h0", {B, 4})) {
    const auto step = [this](const auto& x, const auto& h) {
      const Var z = sigmoid(matmul(x[0], V) + linear(h[0], U));
      const Var own = linear(x[0], W * mean(h[0]));  // this weight is not the same at every step
      return Step{{z * tanh(linear(x[0], W) + own) + (1.0 - z) * h[0]}, {sum(square(x[0]), 1)}};
    };
    const Scanned scanned = scan(step, {take(E, index)}, {h0}, {.length = {}, .reverse = reverse});
    loss = sum(square(scanned.final_state[0])) + sum(sin(scanned.state_trajectory[0])) +
           0.1 * sum(scanned.stacked[0]);
  }

  std::vector<Var> parameters() const { return {E, W, V, U, h0}; }
};

Tensor<std::int64_t> some_tokens(std::int64_t steps, std::int64_t rows) {
  Tensor<std::int64_t> all(Shape{steps, rows});
  for (std::int64_t i = 0; i < all.numel(); ++i) all[i] = (i * i + 2 * i) % (tokens - 1);  // one never occurs
  return all;
}

/// The loss and its gradients.
std::vector<Tensor<double>> computed(Reader& reader, const Tensor<std::int64_t>& index) {
  std::vector<Var> outputs = gradients(reader.loss, reader.parameters());
  outputs.insert(outputs.begin(), reader.loss);
  Plan<double> plan(reader.tape, outputs);
  plan.bind(reader.index, index);
  std::vector<Tensor<double>> values;
  for (const Var& v : reader.parameters()) {
    Shape shape;
    for (const Dim d : v.dims()) shape.push_back(d.at({.time = index.shape()[0], .batch = index.shape()[1]}));
    values.push_back(random_tensor<double>(shape, static_cast<std::uint32_t>(values.size())));
  }
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(reader.parameters()[i], values[i]);
  plan.run();
  std::vector<Tensor<double>> results;
  for (const Var& v : outputs) results.push_back(plan.tensor(v));
  return results;
}

std::size_t products(const Tape& tape) {
  std::size_t count = 0;
  for (const Node& node : tape.nodes()) count += node.op->name == "matmul";
  return count;
}

const Tape& step_of(const Tape& tape) {
  for (const Node& node : tape.nodes())
    if (node.op == &scan_op) return node.attrs.as<ScanAttrs>().body->tape;
  throw std::logic_error("no scan on this tape");
}

}  // namespace

TEST_CASE("[table rows] values and gradients are those of rows that were gathered before the scan") {
  for (const bool reverse : {false, true})
    for (const std::int64_t steps : {0, 1, 7}) {
      Reader embedded(embed, reverse), gathered(gather, reverse);
      const Tensor<std::int64_t> index = some_tokens(steps, 3);
      const auto got = computed(embedded, index), expected = computed(gathered, index);
      REQUIRE(got.size() == expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        REQUIRE(got[i].shape() == expected[i].shape());
        for (std::int64_t j = 0; j < got[i].numel(); ++j)
          CHECK(got[i][j] == doctest::Approx(expected[i][j]).epsilon(1e-12));
      }
    }
}

TEST_CASE("[table rows] first and second derivatives agree with central differences") {
  for (const bool reverse : {false, true}) {
    Reader reader(embed, reverse);
    GradcheckPoint point;
    point.index[reader.index] = some_tokens(3, 2);
    const GradcheckReport first = gradcheck(reader.loss, reader.parameters(), point);
    INFO(first.to_text());
    CHECK(first.ok());
    Var total = reader.tape.zeros({});
    for (const Var& g : gradients(reader.loss, reader.parameters())) total = total + sum(square(g));
    const GradcheckReport second = gradcheck(total, reader.parameters(), point);
    INFO(second.to_text());
    CHECK(second.ok());
  }
}

TEST_CASE("[table rows] products with weights that stay the same are made outside, once for a small table") {
  Reader small(embed), gathered(gather), large(embed, false, small_table + 1);
  CHECK(products(step_of(small.tape)) == 2);  // with U, and with the weight that the step makes
  CHECK(products(small.tape) == 2);
  for (const Reader* reader : {&gathered, &large}) {
    CHECK(products(step_of(reader->tape)) == 4);
    CHECK(products(reader->tape) == 0);
  }
}

TEST_CASE(
    "[table rows] the gradient with respect to embedded rows is refused, to gathered ones it is there") {
  for (const Take take : {Take(embed), Take(gather)}) {
    Tape tape;
    const Var E = tape.input("E", {tokens, 3}), W = tape.input("W", {3, 3});
    const Var x = take(E, tape.index_input("index", {T, B}));
    const Scanned scanned =
        scan([&](const auto& in, const auto& h) { return Step{{tanh(linear(in[0], W) + h[0])}}; }, {x},
             {tape.zeros({B, 3})});
    const Var loss = sum(scanned.final_state[0]);
    if (take == Take(embed))
      CHECK_THROWS_WITH_AS(gradients(loss, {x}), doctest::Contains("ask for the table"),
                           std::invalid_argument);
    else
      CHECK(gradients(loss, {x})[0].dims() == x.dims());
  }
}
