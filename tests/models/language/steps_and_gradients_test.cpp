#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/cell_check.hpp"
#include "tests/models/language/stepped.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// The checks of a cell of that body.
std::vector<CellCheck> checked_of(const std::string& body) {
  return check_cell(EquationCell(defined(body), {3, 4}), 3);
}

std::string text_of(const std::vector<CellCheck>& checks) { return to_text(checks, "test"); }

/// d(sum of h') / dh at h, of a cell without parameters.
std::vector<double> slopes(const std::string& body, std::vector<double> at) {
  const EquationCell cell(defined(body), {1, static_cast<std::int64_t>(at.size())});
  Tape tape;
  const Parameters p(tape, cell.parameters());
  const Var x = tape.input("x", {1, 1}), h = tape.input("h", {1, static_cast<std::int64_t>(at.size())});
  const Var g = gradients(sum(cell.step(p, {x, {h}}).state[0]), {h})[0];
  Plan<double> plan(tape, {g});
  const Tensor<double> input({1, 1}),
      state(h.dims().size() == 2 ? Shape{1, static_cast<std::int64_t>(at.size())} : Shape{},
            std::span<const double>(at));
  plan.bind(x, input);
  plan.bind(h, state);
  plan.run();
  return {plan.value(g).begin(), plan.value(g).end()};
}

}  // namespace

TEST_CASE("[language] functions of a cell's own keep their names apart, and calls may stand in calls") {
  const Stepped s(
      "def twice(a) = a + a\ndef shifted(a, b) = twice(a * b) - a\nstate h\nh' = shifted(h, twice(h)) + W "
      "x\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    const double h = s.at("h", r, i);
    return 4 * h * h - h + s.product("W", "x", r, i);
  });
  CHECK(error_of("def f(a) = f(a)\nstate h\nh' = f(h) + W x\n").find("calls itself") != std::string::npos);
  CHECK(error_of("def f(a) = a\nstate h\nh' = h + W x\n").find("nothing calls it") != std::string::npos);
}

TEST_CASE("[language] a block is repeated; its values go from round to round") {
  const Stepped s(
      "const n = 3\nstate h\ny = h\nk = 0\nrepeat n {\n  k = k + 1\n  y = 0.5 * y + k * U y\n}\nh' = y + W "
      "x\n");
  std::vector<std::array<double, 3>> y(Stepped::rows);
  for (std::int64_t r = 0; r < Stepped::rows; ++r) {
    for (std::int64_t i = 0; i < 3; ++i) y[r][i] = s.at("h", r, i);
    for (int k = 1; k <= 3; ++k) {
      const auto before = y[r];
      for (std::int64_t i = 0; i < 3; ++i) {
        y[r][i] = 0.5 * before[i];
        for (std::int64_t j = 0; j < 3; ++j) y[r][i] += k * s.given.at("U")[i * 3 + j] * before[j];
      }
    }
  }
  s.check("h'", [&](std::int64_t r, std::int64_t i) { return y[r][i] + s.product("W", "x", r, i); });
  CHECK(error_of("const n = 0\nstate h\ny = h\nrepeat n {\n  y = 2 * y\n}\nh' = y + W x\n")
            .find("from 1 to 1000, not 0") != std::string::npos);
}

TEST_CASE("[language] a step knows its number, whether it is the first, and noise") {
  const Stepped s("state h\nh' = where(first, 7, mod(step, 2)) + 0.5 * noise + 0 * W x\n");
  CHECK(s.cell.noise_size() == 3);
  REQUIRE(s.cell.states().size() == 2);
  CHECK(s.cell.states()[1].counts);
  const double expected[] = {7, 1, 0, 1};  // steps 0, 1, 2, 5
  s.check("h'", [&](std::int64_t r, std::int64_t i) { return expected[r] + 0.5 * s.at("noise", r, i); });
  for (std::int64_t r = 0; r < Stepped::rows; ++r)
    CHECK(s.result.at("step.count'")[r] == s.given.at("step.count")[r] + 1);
  const Stepped own("state h\nstep = 2 * h\nh' = step + W x\n");
  CHECK(own.cell.states().size() == 1);
}

TEST_CASE("[language] nothing of the branch that `where` does not take is in value or gradient") {
  const std::vector<double> at = {-1, 0, 4};
  CHECK(slopes("state h\nh' = where(h > 0, sqrt(h), 0) + 0 * sum(x)\n", at) ==
        std::vector<double>{0, 0, 0.25});
  CHECK(slopes("state h\nr = sqrt(h)\nl = r + log(h)\nh' = where(h > 0, l, h) + 0 * sum(x)\n", at) ==
        std::vector<double>{1, 1, 0.5});
  CHECK(slopes("state h\ndef f(a) = 1 / a\nh' = where(h == 0, 0, f(h)) + 0 * sum(x)\n", at) ==
        std::vector<double>{-1, 0, -0.0625});
  CHECK(slopes("state h\nh' = where(h > 5, exp(1000 * h), h) + 0 * sum(x)\n", at) ==
        std::vector<double>{1, 1, 1});
}

TEST_CASE("[language] declared gradients: the value of one, the slope of another, checked by differences") {
  CHECK(slopes("state h\nh' = surrogate(h > 0, 3 * h) + 0 * sum(x)\n", {-1, 2}) == std::vector<double>{3, 3});
  CHECK(slopes("state h\nh' = h * stop_gradient(h) + 0 * sum(x)\n", {-1, 2}) == std::vector<double>{-1, 2});
  const auto spikes = checked_of("state h\nv = U h + W x\nh' = surrogate(v > 0, v / (1 + abs(v)))\n");
  CHECK_MESSAGE(all_ok(spikes), text_of(spikes));
  CHECK(spikes.size() == 8);  // two equations, a declaration of one, and five of the whole cell
  const auto stopped = checked_of("state h\nh' = tanh(U h + W x) * stop_gradient(sigmoid(V h))\n");
  CHECK_MESSAGE(all_ok(stopped), text_of(stopped));
}

TEST_CASE("[language] a wrong declared derivative is caught, with both numbers") {
  const std::string right = "state h\nv = U h + W x\nh' = surrogate(v > 0, tanh(v), v, 1 - tanh(v)^2)\n";
  const auto good = checked_of(right);
  CHECK_MESSAGE(all_ok(good), text_of(good));
  std::string wrong = right;
  wrong.replace(wrong.find("^2"), 2, "^4");
  const auto bad = checked_of(wrong);
  CHECK_FALSE(all_ok(bad));
  CHECK(text_of(bad).find("the declared derivative of surrogate(v > 0") != std::string::npos);
  CHECK(text_of(bad).find("is declared, but it is") != std::string::npos);
}

TEST_CASE("[language] a value or derivative that is not finite at the first step is named, once") {
  const auto division = checked_of("state h\nq = h / sqrt(sum(square(h)))\nh' = q + W x\n");
  REQUIRE(division.size() == 1);
  CHECK(text_of(division).find("the first step") != std::string::npos);
  CHECK(text_of(division).find("`h / sqrt(sum(square(h)))`, in q = ") != std::string::npos);
  const auto derivative = checked_of("state h\nr = sqrt(sum(square(h)))\nh' = tanh(W x + r)\n");
  REQUIRE(derivative.size() == 1);
  CHECK(text_of(derivative).find("has a derivative that is not finite") != std::string::npos);
  const auto later = checked_of("state h\nh' = W x + sqrt(h)\n");
  REQUIRE(later.size() == 1);
  CHECK_FALSE(all_ok(later));
}

TEST_CASE("[language] an equation is checked at values that its names have in the cell") {
  const auto checks =
      checked_of("state h\nv = softplus(U h + W x) + 0.1\nr = sqrt(v) + log(v)\nh' = tanh(r)\n");
  CHECK_MESSAGE(all_ok(checks), text_of(checks));
}

TEST_CASE("[language] what is too large or too deep is refused before it takes time") {
  std::string many = "state h\na0 = h\n", calls = "def f0(a) = a + a\n";
  for (int i = 1; i <= 2000; ++i) many += fmt::format("a{} = 0.5 * a{}\n", i, i - 1);
  for (int i = 1; i < 30; ++i) calls += fmt::format("def f{}(a) = f{}(f{}(a))\n", i, i - 1, i - 1);
  CHECK(error_of(many + "h' = a2000 + W x\n").find("at most 200 equations, not 2002") != std::string::npos);
  CHECK(error_of(calls + "state h\nh' = f29(h) + W x\n").find("larger than 20000") != std::string::npos);
  const std::string deep = std::string(10000, '(') + "h" + std::string(10000, ')');
  CHECK(error_of("state h\nh' = W x + " + deep + "\n").find("nested too deeply") != std::string::npos);
  CHECK(error_of("const n = 3000\nconst A: (n, n) = i - j\nstate h\nh' = h * A[0, 0] + W x\n")
            .find("9000000 constants") != std::string::npos);
  CHECK(error_of("state h\ny = h\nrepeat 1000 {\n  y = y" +
                 [] {
                   std::string sum;
                   for (int i = 0; i < 60; ++i) sum += " + 0.1 * y";
                   return sum;
                 }() +
                 "\n}\nh' = y + W x\n")
            .find("more than a step can have") != std::string::npos);
}
