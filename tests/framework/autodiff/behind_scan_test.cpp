#include "framework/autodiff/behind_scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

using Outputs = std::vector<Var>;

/// A memory s that decays, and what is read of it, y = tanh(C s) sigmoid(D x), which no step reads.
struct Memory {
  Tape tape;
  Var x, s0, y0, W, C, D, a;
  Scanned scanned;

  explicit Memory(Dim length = T, bool reverse = false)
      : x(tape.input("x", {length, B, 3})),
        s0(tape.input("s0", {B, 4})),
        y0(tape.input("y0", {B, 2})),
        W(tape.input("W", {4, 3})),
        C(tape.input("C", {2, 4})),
        D(tape.input("D", {2, 3})),
        a(tape.input("a", {4})),
        scanned(scan([this](const auto& in, const auto& state) { return step(in[0], state); }, {x}, {s0, y0},
                     {.length = {}, .reverse = reverse})) {}

  Step step(Var x_t, const std::vector<Var>& state) const {
    const Var s = a * state[0] + linear(x_t, W);
    return {{s, tanh(linear(s, C)) * sigmoid(linear(x_t, D))}};
  }

  Outputs inputs() const { return {x, s0, y0, W, C, D, a}; }
  Var final_y() const { return scanned.final_state[1]; }
  bool reversed() const { return tape.producer(scanned.final_state[0].id()).attrs.as<ScanAttrs>().reverse; }
  /// What the scan ended with, out of its trajectory.
  Var last_y() const {
    return reshape(slice(scanned.state_trajectory[1], 0, reversed() ? 0 : -1, 1), {B, 2});
  }

  std::vector<Tensor<double>> run(const Outputs& outputs, Sizes sizes) const {
    Plan<double> plan(tape, outputs);
    std::vector<Tensor<double>> given;
    for (const Var& v : inputs())
      given.push_back(random_tensor<double>(resolve(v.dims(), sizes), given.size() + 1));
    for (std::size_t i = 0; i < given.size(); ++i) plan.bind(inputs()[i], given[i]);
    plan.run();
    std::vector<Tensor<double>> values;
    for (const Var& output : outputs) values.push_back(plan.tensor(output));
    return values;
  }
};

Outputs with_gradients(const Memory& m, Var y) {
  Outputs outputs = {y};
  for (const Var& g : gradients(sum(sin(y)), m.inputs())) outputs.push_back(g);
  return outputs;
}

void check_close(const Tensor<double>& a, const Tensor<double>& b) {
  REQUIRE(a.shape() == b.shape());
  for (std::int64_t i = 0; i < a.numel(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
}

/// Whether the final value of a state is computed behind the scan.
bool behind(Var final_state) { return final_state.tape().producer(final_state.id()).op != &scan_op; }

/// Of a plan's text: lines inside a loop that have a word in them.
int lines_in_loops(const std::string& text, const std::string& word) {
  std::istringstream lines(text);
  int count = 0;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ")) inside = line.starts_with("for ");
    count += inside && line.find(word) != std::string::npos;
  }
  return count;
}

}  // namespace

TEST_CASE("[behind] what no step reads is, with its gradients, the last of its trajectory") {
  for (const bool reverse : {false, true})
    for (const std::int64_t steps : {1, 2, 7}) {
      Memory m(T, reverse);
      REQUIRE(behind(m.final_y()));
      CHECK(!behind(m.scanned.final_state[0]));
      const Outputs here = with_gradients(m, m.final_y()), there = with_gradients(m, m.last_y());
      Outputs all = here;
      all.insert(all.end(), there.begin(), there.end());
      const std::vector<Tensor<double>> found = m.run(all, {steps, 2});
      for (std::size_t i = 0; i < here.size(); ++i) check_close(found[i], found[here.size() + i]);
    }
}

TEST_CASE("[behind] first and second gradients agree with differences") {
  for (const bool reverse : {false, true}) {
    Memory m(T, reverse);
    const Var loss = sum(square(m.final_y())) + sum(sin(m.scanned.final_state[0])) +
                     0.3 * sum(square(m.scanned.state_trajectory[1]));
    Var second = m.tape.zeros({});
    for (const Var& g : gradients(loss, m.inputs())) second = second + sum(square(g));
    for (const Var& total : {loss, second}) {
      const GradcheckReport report = gradcheck(total, m.inputs());
      INFO(report.to_text());
      CHECK(report.ok());
    }
  }
}

TEST_CASE("[behind] its trajectory's gradient is there, after the last step alone") {
  for (const bool reverse : {false, true}) {
    Memory m(T, reverse);
    const Var loss = sum(sin(m.final_y()));
    const Outputs g = gradients(loss, {m.scanned.state_trajectory[1], m.scanned.state_trajectory[0]});
    const Outputs both =
        gradients(loss + sum(square(m.scanned.state_trajectory[1])), {m.scanned.state_trajectory[1]});
    const std::vector<Tensor<double>> found =
        m.run({g[0], g[1], both[0], m.final_y(), m.scanned.state_trajectory[1]}, {5, 2});
    const Tensor<double>&of_y = found[0], &of_s = found[1], &of_both = found[2], &y = found[3],
          &all = found[4];
    const std::int64_t last = reverse ? 0 : 4 * y.numel();
    for (std::int64_t i = 0; i < all.numel(); ++i) {
      const bool ends = i >= last && i < last + y.numel();
      const double expected = ends ? std::cos(y[i - last]) : 0;
      CHECK(of_y[i] == doctest::Approx(expected).epsilon(1e-12));
      CHECK(of_both[i] == doctest::Approx(expected + 2 * all[i]).epsilon(1e-12));
    }
    CHECK(std::ranges::any_of(std::span(of_s.data(), of_s.data() + of_s.numel()),
                              [](double v) { return v != 0; }));
  }
}

TEST_CASE("[behind] no step of either direction does its work, unless its trajectory is wanted") {
  Memory m;
  Plan<float> of_last(m.tape, with_gradients(m, m.final_y()));
  CHECK(lines_in_loops(of_last.to_text(), "tanh") == 0);
  CHECK(lines_in_loops(of_last.to_text(), "sigmoid") == 0);
  Memory all;
  Plan<float> of_all(all.tape, with_gradients(all, all.scanned.state_trajectory[1]));
  CHECK(lines_in_loops(of_all.to_text(), "tanh") + lines_in_loops(of_all.to_text(), "sigmoid") > 0);
}

TEST_CASE("[behind] what is made of more than the last step's input and the other states stays in the scan") {
  Tape tape;
  const Var x = tape.input("x", {T, B, 2}), zero = tape.zeros({B, 2});
  const Var word = tape.index_input("word", {T, B}), table = tape.input("table", {5, 2});
  const auto made = [&](const std::vector<Var>& inputs, const StepFunction& step) {
    return behind(scan(step, inputs, {zero, zero}).final_state[1]);
  };
  using Vars = const std::vector<Var>&;
  const auto added = [](Vars in, Vars s) { return s[0] + in[0]; };
  CHECK(made({x}, [&](Vars in, Vars s) { return Step{{added(in, s), square(in[0])}}; }));
  CHECK(made({x}, [&](Vars in, Vars s) {
    const Var next = added(in, s);
    return Step{{next, next * 2.0}};
  }));
  CHECK(!made({x}, [&](Vars in, Vars s) { return Step{{added(in, s), s[1] + in[0]}}; }));
  CHECK(!made({x}, [&](Vars in, Vars s) { return Step{{added(in, s), square(s[0])}}; }));
  CHECK(!made({x}, [&](Vars in, Vars s) {
    return Step{{added(in, s), in[0] * as_real(s[0].tape().step_index())}};
  }));
  CHECK(!made({x, word}, [&](Vars in, Vars s) { return Step{{added(in, s), gather(table, in[1])}}; }));
}

TEST_CASE(
    "[behind] the last slice of a layer below is its final state, and nothing is padded on the way back") {
  for (const bool below_reverse : {false, true})
    for (const bool above_reverse : {false, true}) {
      INFO(below_reverse, above_reverse);
      Memory below(T, below_reverse);
      const Var V = below.tape.input("V", {4, 4});
      const Scanned above = scan(
          [&](const auto& in, const auto& state) {
            const Var s = 0.5 * state[0] + linear(in[0], V);
            return Step{{s, sin(s) * exp(-square(in[0]))}};
          },
          {below.scanned.state_trajectory[0]}, {below.tape.zeros({B, 4}), below.tape.zeros({B, 4})},
          {.length = {}, .reverse = above_reverse});
      const Var loss = sum(square(above.final_state[0])) + sum(above.final_state[1]);
      const GradcheckReport report = gradcheck(loss, {below.x, below.s0, below.W, below.a, V});
      CHECK_MESSAGE(report.ok(), report.to_text());
      Plan<float> plan(below.tape, gradients(loss, {below.x, below.W}));
      CHECK((plan.to_text().find("pad{") == std::string::npos) == (below_reverse == above_reverse));
    }
}

TEST_CASE("[behind] a run without a step says so") {
  const Memory m;
  CHECK_THROWS_WITH_AS(
      m.run({m.final_y()}, {0, 2}),
      doctest::Contains("[slice] a range of 1 from -1 on does not fit into the 0 that axis 0 has"),
      std::out_of_range);
  CHECK(m.run({m.scanned.final_state[0]}, {0, 2})[0].numel() == 8);
}
