#include <doctest/doctest.h>

#include <fmt/format.h>
#include <set>

#include <algorithm>
#include <cmath>

#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/framework/plan/distance.hpp"
#include "tests/framework/plan/random_scan.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

/// Whether it may change the order in which sums are made, or which kernel makes a product.
bool rounds(std::string_view pass) { return std::ranges::find(pipeline(), pass, &Pass::name)->rounds; }

template <class R>
std::vector<Tensor<R>> run_for(Plan<R>& plan, const std::vector<Var>& outputs) {
  plan.run();
  std::vector<Tensor<R>> found;
  for (const Var& v : outputs) found.push_back(plan.tensor(v));
  return found;
}

/// What is left after that many runs on random values of this size.
template <class R>
std::vector<Tensor<R>> run_bound(Plan<R>& plan, const std::vector<Var>& bound,
                                 const std::vector<Var>& outputs, Sizes sizes, double scale, int runs) {
  std::vector<Tensor<R>> values;
  for (std::size_t i = 0; i < bound.size(); ++i)
    values.push_back(random_tensor<R>(resolve(bound[i].dims(), sizes), i + 1, scale));
  for (std::size_t i = 0; i < bound.size(); ++i) plan.bind(bound[i], values[i]);
  for (int run = 1; run < runs; ++run) plan.run();
  return run_for(plan, outputs);
}

PlanOptions plain() { return PlanOptions::as_recorded(); }

/// A cell with a readout at every step inside the scan, its loss and all gradients, those of the states
/// included.
struct ScannedNet {
  Tape tape;
  std::unique_ptr<Cell> cell;
  std::vector<ParameterSpec> specs;
  std::unique_ptr<Parameters> p;
  std::vector<Var> bound, outputs;

  explicit ScannedNet(std::string_view name) : cell(make_cell(name, {3, 6, "tanh"})) {
    specs = cell->parameters();
    specs.push_back({"W_hy", {2, cell->states()[0].shape[0]}, Role::readout_matrix});
    p = std::make_unique<Parameters>(tape, specs);
    bound = p->all();
    const Var x = add("x", {T, B, 3}), target = add("target", {T, B, 2});
    std::vector<Var> initial;
    for (const StateSpec& state : cell->states()) initial.push_back(add(state.name, state.dims(B)));
    const Scanned s = scan(
        [&](const auto& in, const auto& state) {
          Step step{cell->step(*p, {in[0], state}).state};
          step.summed = {sum(square(linear(step.state[0], (*p)["W_hy"]) - in[1]))};
          return step;
        },
        {x, target}, initial);
    const Var loss = s.summed[0] / count(x, {T, B});
    std::vector<Var> wanted = bound;
    wanted.push_back(s.state_trajectory[0]);
    outputs = gradients(loss, wanted);
    outputs.push_back(loss);
  }

  Var add(std::string name, Dims dims) {
    bound.push_back(tape.input(std::move(name), std::move(dims)));
    return bound.back();
  }

  template <class R>
  std::vector<Tensor<R>> results(Sizes sizes, const PlanOptions& options) const {
    Plan<R> plan(tape, outputs, options);
    return run_bound(plan, bound, outputs, sizes, 0.5, 2);
  }
};

/// A cell whose last states are asked for, of two numbers a step and vectors that fill registers: its steps
/// multiply with no readout.
struct WideNet {
  Tape tape;
  std::unique_ptr<Cell> cell;
  std::unique_ptr<Parameters> p;
  std::vector<Var> bound, outputs;

  explicit WideNet(const CellRow& row) : cell(row.make({2, 64, "tanh"})) {
    p = std::make_unique<Parameters>(tape, cell->parameters());
    bound = p->all();
    bound.push_back(tape.input("x", {T, B, 2}));
    const Var x = bound.back();
    std::vector<Var> initial;
    for (const StateSpec& state : cell->states()) {
      bound.push_back(tape.input(state.name, state.dims(B)));
      initial.push_back(bound.back());
    }
    const Scanned s = scan(
        [&](const auto& in, const auto& state) {
          return Step{cell->step(*p, {in[0], state}).state};
        },
        {x}, initial);
    Var loss = mean(square(s.final_state[0]));
    for (const Var& v : s.final_state) loss = loss + mean(tanh(v));
    outputs = gradients(loss, bound);
    outputs.push_back(loss);
  }

  template <class R>
  std::vector<Tensor<R>> results(Sizes sizes, const PlanOptions& options) const {
    Plan<R> plan(tape, outputs, options);
    return run_bound(plan, bound, outputs, sizes, 0.2, 11);  // by machine code in the end
  }
};

template <class R>
void check_same(const std::vector<Tensor<R>>& a, const std::vector<Tensor<R>>& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("output ", i);
    if (tolerance == 0)
      CHECK(a[i].same_bits(b[i]));
    else
      CHECK(distance(a[i], b[i]) <= tolerance);
  }
}

/// Everything after the loop's line, down to the loop that follows it in the text.
std::string part(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from), end = text.find(to, begin + 1);
  REQUIRE(begin != std::string::npos);
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace

TEST_CASE("[plan] every cell's gradients are the same with all passes, without each, and without any") {
  for (const CellRow& row : cell_table()) {
    INFO(row.name);
    const ScannedNet net(row.name);
    for (const Sizes sizes : {Sizes{1, 2}, Sizes{3, 1}, Sizes{20, 4}}) {
      const PlanOptions options{.block_steps = 3};
      const auto all = net.results<double>(sizes, options);
      check_same(all, net.results<double>(sizes, plain()), 1e-12);
      check_same(all, net.results<double>(sizes, {}), 1e-12);  // other blocks
      const auto single = net.results<float>(sizes, options);
      check_same(single, net.results<float>(sizes, plain()), 2e-5);
      for (const std::string_view pass : optional_passes()) {
        INFO("without ", pass);
        const PlanOptions without{.without = {pass}, .block_steps = 3};
        check_same(single, net.results<float>(sizes, without), rounds(pass) ? 2e-5 : 0);
      }
    }
  }
}

TEST_CASE("[plan] every cell's gradients are the same with all passes where vectors fill registers") {
  int cut = 0;
  for (const CellRow& row : cell_table()) {
    INFO(row.name);
    const WideNet net(row);
    for (const Sizes sizes : {Sizes{1, 1}, Sizes{6, 1}, Sizes{5, 3}}) {
      const PlanOptions options{.block_steps = 2};
      const auto all = net.results<double>(sizes, options);
      check_same(all, net.results<double>(sizes, plain()), 1e-12);
      const auto single = net.results<float>(sizes, options);
      check_same(single, net.results<float>(sizes, plain()), 5e-5);
      PlanOptions tight = options;
      tight.max_memory = Plan<float>(net.tape, net.outputs, options).peak_bytes(sizes) - 1;
      try {
        check_same(single, net.results<float>(sizes, tight), 0);
        ++cut;
      } catch (const std::length_error&) {  // nothing can be made again
      }
    }
  }
  CHECK(cut > 20);
}

TEST_CASE("[plan] random steps compute the same with all passes, without each, and without any") {
  int rounded = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    INFO("seed ", seed);
    const RandomScan random(seed);
    const Sizes sizes{1 + static_cast<std::int64_t>(seed % 11), 1 + static_cast<std::int64_t>(seed % 3)};
    const PlanOptions options{.block_steps = 1 + static_cast<std::int64_t>(seed % 4)};
    const auto all = random.results<double>(sizes, options);
    const auto none = random.results<double>(sizes, plain());
    check_same(all, none, 1e-9);
    for (std::size_t i = 0; i < all.size(); ++i) rounded += !all[i].same_bits(none[i]);
    const std::string_view pass = optional_passes()[seed % optional_passes().size()];
    INFO("without ", pass);
    const PlanOptions without{.without = {pass}, .block_steps = options.block_steps};
    check_same(all, random.results<double>(sizes, without), rounds(pass) ? 1e-9 : 0);
  }
  CHECK(rounded > 0);  // the two programs are not one and the same
}

TEST_CASE("[plan] a budget changes no bit of any gradient") {
  std::set<std::string> refused;
  for (const CellRow& row : cell_table()) {
    INFO(row.name);
    const ScannedNet net(row.name);
    for (const std::int64_t steps : {24, 37, 50}) {
      const Sizes sizes{steps, 2};
      const PlanOptions options{.block_steps = 2};
      const auto whole = net.results<float>(sizes, options);
      const std::size_t bytes = Plan<float>(net.tape, net.outputs, options).peak_bytes(sizes);
      PlanOptions tight = options;
      tight.max_memory = bytes - 1;
      try {
        const std::size_t cut = Plan<float>(net.tape, net.outputs, tight).peak_bytes(sizes);
        CHECK(cut < bytes);
        check_same(whole, net.results<float>(sizes, tight), 0);
      } catch (const std::length_error&) {
        refused.insert(row.name);
      }
    }
  }
  CHECK(refused.size() <= 2);  // cells of which nothing but the trajectory that is asked for is kept
}

TEST_CASE("[plan] random steps under a budget give the same bits, or say what they need") {
  int cut = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed ", seed);
    const RandomScan random(seed);
    const Sizes sizes{20 + static_cast<std::int64_t>(seed % 11), 2};
    PlanOptions options{.block_steps = 1 + static_cast<std::int64_t>(seed % 3)};
    const auto whole = random.results<double>(sizes, options);
    options.max_memory = Plan<double>(random.tape, random.outputs, options).peak_bytes(sizes) - 1;
    try {
      check_same(whole, random.results<double>(sizes, options), 0);
      ++cut;
    } catch (const std::length_error& error) {
      CHECK(std::string(error.what()).find("even with checkpoints") != std::string::npos);
      ++refused;
    }
  }
  CHECK(cut > 30);
  CHECK(refused > 0);
}

TEST_CASE("[plan] memory under a budget grows like the number of checkpoints, not like T") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 2}), W = tape.input("W", {32, 2}), U = tape.input("U", {32, 32});
  const Scanned s =
      scan([&](const auto& in, const auto& h) { return Step{{tanh(linear(in[0], W) + linear(h[0], U))}}; },
           {x}, {tape.zeros({B, 32})});
  std::vector<Var> outputs = gradients(sum(square(s.final_state[0])), {W, U});
  const Plan<float> whole(tape, outputs), cut(tape, outputs, {.max_memory = 16'000'000});
  CHECK(whole.peak_bytes({1'000'000, 4}) > 500'000'000);
  CHECK(cut.peak_bytes({1'000'000, 4}) < 16'000'000);
  CHECK(cut.peak_bytes({100, 4}) == whole.peak_bytes({100, 4}));  // no checkpoints where all fits
  CHECK_THROWS_WITH_AS((void)Plan<float>(tape, outputs, {.max_memory = 1000}).peak_bytes({1'000'000, 4}),
                       doctest::Contains("max_memory is 1000 bytes, but with T = 1000000 and B = 4"),
                       std::length_error);
}

TEST_CASE("[plan] only the recurrence is left in the steps of a cell with four gates") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 3}), target = tape.input("target", {T, B, 2});
  const auto cell = make_cell("lstm", {3, 5, "tanh"});
  std::vector<ParameterSpec> specs = cell->parameters();
  specs.push_back({"W_hy", {2, 5}, Role::readout_matrix});
  const Parameters p(tape, specs);
  const Scanned s = scan(
      [&](const auto& in, const auto& state) {
        Step step{cell->step(p, {in[0], state}).state};
        step.summed = {sum(square(linear(step.state[0], p["W_hy"]) - in[1]))};
        return step;
      },
      {x, target}, {tape.zeros({B, 5}), tape.zeros({B, 5})});
  const Var loss = s.summed[0];
  std::vector<Var> outputs = gradients(loss, p.all());
  outputs.push_back(loss);
  const std::string text = Plan<float>(tape, outputs).to_text();
  const std::string forward = part(text, "for blocks", "for blocks");
  const std::string steps = part(forward, "for each step", "stack");
  CHECK(occurrences(steps, "= matmul") == 4);            // U_g h for each gate
  CHECK(occurrences(steps, "= chain") == 1);             // all the rest in one pass
  CHECK(occurrences(forward, "= matmul") == 4 + 4 + 1);  // W_g x before the steps, the readout after them
  CHECK(forward.find("+= sum_to") > forward.find("for each step"));
  const std::string backward = text.substr(text.find(", reversed"));
  const std::string back_steps = part(backward, "for each step", "stack");
  CHECK(occurrences(back_steps, "= matmul") == 4);
  CHECK(occurrences(back_steps, "= sum_to") == 0);
  // Every weight's gradient is one product over the block; of the steps' four, three add to the first.
  CHECK(occurrences(back_steps, "+= matmul") == 3);
  CHECK(occurrences(backward, "+= matmul") - occurrences(back_steps, "+= matmul") == 4 + 4 + 1);
}

TEST_CASE("[plan] no work is done for gradients that nobody asks for") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 3}), W = tape.input("W", {5, 3}), U = tape.input("U", {5, 5});
  const Scanned s =
      scan([&](const auto& in, const auto& h) { return Step{{tanh(linear(in[0], W) + linear(h[0], U))}}; },
           {x}, {tape.zeros({B, 5})});
  const Var loss = sum(square(s.final_state[0]));
  const Var dx = gradients(loss, {x})[0], dW = gradients(loss, {W})[0];
  const PlanOptions options{.without = {"accumulated-products"}};
  CHECK(occurrences(Plan<float>(tape, {dx}, options).to_text(), "+= matmul") == 0);
  CHECK(occurrences(Plan<float>(tape, {dW}, options).to_text(), "+= matmul") == 1);
}

TEST_CASE("[plan] results are written over operands that nothing reads any more") {
  Tape tape;
  const Var x = tape.input("x", {B, 64});
  const Var a = softmax(x), b = softmax(tanh(a) * a);
  const auto peak = [&](const PlanOptions& options) {
    return Plan<float>(tape, {b}, options).peak_bytes({1, 1000});
  };
  CHECK(peak({}) < peak({.without = {"written-in-place"}}));
  // Not where the operand is read after the result is written: a, and the output that is exp(a).
  const Var c = exp(a), d = softmax(c + a);
  Plan<float> plan(tape, {c, d});
  const auto values = random_tensor<float>({3, 64}, 1);
  plan.bind(x, values);
  plan.run();
  Plan<float> apart(tape, {c, d}, {.without = {"written-in-place", "memory-reuse"}});
  apart.bind(x, values);
  apart.run();
  CHECK(plan.tensor(c).same_bits(apart.tensor(c)));
  CHECK(plan.tensor(d).same_bits(apart.tensor(d)));
}

TEST_CASE("[plan] a value may be sliced and read whole by one step, under a budget too") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 3}), U = tape.input("U", {3, 3});
  const Scanned forward = scan(
      [&](const auto& in, const auto& h) {
        const Var context = sum(tanh(x * h[0]), 0) * 0.01;
        return Step{{tanh(linear(h[0], U) + in[0] + context)}};
      },
      {x}, {tape.zeros({B, 3})});
  const Var h = forward.state_trajectory[0];
  const Scanned backward =
      scan([&](const auto& in, const auto& s) { return Step{{tanh(in[0] + mean(h * s[0], 0))}}; }, {h},
           {tape.zeros({B, 3})}, {.length = std::nullopt, .reverse = true});
  for (const Var& loss : {sum(square(forward.final_state[0])), sum(square(backward.final_state[0]))}) {
    std::vector<Var> outputs = gradients(loss, {U, x});
    outputs.push_back(loss);
    const auto values = random_tensor<double>({40, 2, 3}, 1), weights = random_tensor<double>({3, 3}, 2);
    const auto results = [&](const PlanOptions& options) {
      Plan<double> plan(tape, outputs, options);
      plan.bind(x, values);
      plan.bind(U, weights);
      return run_for(plan, outputs);
    };
    PlanOptions options{.block_steps = 2};
    const auto whole = results(options);
    options.max_memory = Plan<double>(tape, outputs, options).peak_bytes({40, 2}) - 1;
    try {
      check_same(whole, results(options), 0);
    } catch (const std::length_error&) {  // nothing to save where the whole of it is read
    }
  }
}

TEST_CASE("[plan] what a budget computes again is done as before, with the same bits") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 4}), U = tape.input("U", {4, 4}), V = tape.input("V", {4, 4});
  const Var index = tape.index_input("index", {T, B});
  const Scanned s = scan(
      [&](const auto& in, const auto& h) {
        const Var p = matmul(h[0], V);  // scatter_add keeps it in the steps
        return Step{
            {tanh(linear(h[0], U) + in[0])}, {}, {sum(square(p)) + sum(square(scatter_add(in[1], p, 5)))}};
      },
      {x, index}, {tape.zeros({B, 4})});
  std::vector<Var> outputs = gradients(s.summed[0], {U, V});
  outputs.push_back(s.summed[0]);
  const auto values = random_tensor<float>({300, 3, 4}, 1), u = random_tensor<float>({4, 4}, 2, 0.4),
             v = random_tensor<float>({4, 4}, 3);
  Tensor<std::int64_t> indices(Shape{300, 3});
  for (std::int64_t i = 0; i < 900; ++i) indices[i] = i % 5;
  const auto results = [&](const PlanOptions& options) {
    Plan<float> plan(tape, outputs, options);
    plan.bind(x, values);
    plan.bind(U, u);
    plan.bind(V, v);
    plan.bind(index, indices);
    return run_for(plan, outputs);
  };
  PlanOptions options{.block_steps = 8};
  const auto whole = results(options);
  options.max_memory = Plan<float>(tape, outputs, options).peak_bytes({300, 3}) - 1;
  check_same(whole, results(options), 0);
}
