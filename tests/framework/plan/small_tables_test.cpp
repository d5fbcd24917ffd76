#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t tokens = 5;

/// A scan over rows of a table, in a step that reads them in two products, one of them with a weight that
/// changes from step to step, and beside.
struct Reader {
  Tape tape;
  Var E, W, V, U, index, h0, loss;

  explicit Reader(bool reverse = false, std::int64_t rows = tokens)
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
    const Scanned scanned = scan(step, {gather(E, index)}, {h0}, {.length = {}, .reverse = reverse});
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
std::vector<Tensor<double>> computed(Reader& reader, const Tensor<std::int64_t>& index,
                                     const PlanOptions& options = {}) {
  std::vector<Var> outputs = gradients(reader.loss, reader.parameters());
  outputs.insert(outputs.begin(), reader.loss);
  Plan<double> plan(reader.tape, outputs, options);
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

}  // namespace

TEST_CASE("[small tables] values and gradients are those of rows that are gathered before the scan") {
  for (const bool reverse : {false, true})
    for (const std::int64_t steps : {0, 1, 7}) {
      Reader reader(reverse), apart(reverse);
      const Tensor<std::int64_t> index = some_tokens(steps, 3);
      const auto got = computed(reader, index),
                 expected = computed(apart, index, {.without = {"small-tables"}});
      REQUIRE(got.size() == expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        REQUIRE(got[i].shape() == expected[i].shape());
        for (std::int64_t j = 0; j < got[i].numel(); ++j)
          CHECK(got[i][j] == doctest::Approx(expected[i][j]).epsilon(1e-12));
      }
    }
}

TEST_CASE("[small tables] first and second derivatives agree with central differences") {
  for (const bool reverse : {false, true}) {
    Reader reader(reverse);
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

TEST_CASE("[small tables] products with weights that stay the same are made of the table, once") {
  const auto products = [](const Reader& reader, const PlanOptions& options) {
    const std::string text = Plan<float>(reader.tape, {reader.loss}, options).to_text();
    const std::size_t loop = text.find("\nfor ");
    return std::pair(occurrences(text.substr(0, loop), "= matmul"),
                     occurrences(text.substr(loop), "= matmul"));
  };
  const Reader small, large(false, 257);
  CHECK(products(small, {}) == std::pair<std::size_t, std::size_t>(2, 2));  // the loop: U, and the step's own
  for (const auto& found : {products(small, {.without = {"small-tables"}}), products(large, {})})
    CHECK(found == std::pair<std::size_t, std::size_t>(0, 4));
}

namespace {

/// A language model's step: the rows are read in products alone.
struct Characters {
  Tape tape;
  Var E = tape.input("E", {tokens, 3}), W = tape.input("W", {4, 3}), V = tape.input("V", {3, 4});
  Var x = gather(E, tape.index_input("index", {T, B}));
  Var loss = sum(scan([&](const auto& in,
                          const auto& h) { return Step{{tanh(linear(in[0], W) * matmul(in[0], V) + h[0])}}; },
                      {x}, {tape.zeros({B, 4})})
                     .final_state[0]);
};

}  // namespace

TEST_CASE("[small tables] no gradient is held for each position, where nobody asks for it") {
  Characters net;
  const auto text = [&](const std::vector<Var>& wrt) {
    return Plan<float>(net.tape, gradients(net.loss, wrt)).to_text();
  };
  CHECK(text({net.E, net.W, net.V}).find("(T, B, 3)") == std::string::npos);
  CHECK(text({net.E, net.W, net.V, net.x}).find("(T, B, 3)") != std::string::npos);
}

TEST_CASE("[small tables] the gradient with respect to rows is there, and comes back to the table") {
  Characters net;
  const std::vector<Var> outputs = gradients(net.loss, {net.x, net.E, net.W, net.V});
  Plan<double> plan(net.tape, outputs), plain(net.tape, outputs, {.without = {"small-tables"}});
  const auto E = random_tensor<double>({tokens, 3}, 1), W = random_tensor<double>({4, 3}, 2),
             V = random_tensor<double>({3, 4}, 3);
  const Tensor<std::int64_t> index = some_tokens(6, 2);
  for (Plan<double>* each : {&plan, &plain}) {
    each->bind(net.E, E);
    each->bind(net.W, W);
    each->bind(net.V, V);
    for (const Node& node : net.tape.nodes())
      if (node.op->name == "index_input") each->bind(Var(net.tape, node.outputs[0]), index);
    each->run();
  }
  for (const Var& v : outputs)
    for (std::size_t i = 0; i < plan.value(v).size(); ++i)
      CHECK(plan.value(v)[i] == doctest::Approx(plain.value(v)[i]).epsilon(1e-12));
}
