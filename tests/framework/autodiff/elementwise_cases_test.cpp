#include <doctest/doctest.h>

#include "framework/autodiff/directions.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

using sizes::B;
using sizes::T;

using UnaryReference = Real (*)(Real);
using BinaryReference = Real (*)(Real, Real);

struct UnaryRow {
  std::string name;
  Var (*record)(Var);
  UnaryReference reference;
};

struct BinaryRow {
  std::string name;
  Var (*record)(Var, Var);
  BinaryReference reference;
  bool zero_sign = true;
};

Real indicator(bool condition) { return condition ? 1 : 0; }
Real larger(Real a, Real b) { return std::isnan(a) || std::isnan(b) ? std::nanl("") : std::max(a, b); }

const std::vector<UnaryRow> unary_rows_here = {
    {"neg", neg, [](Real x) { return -x; }},
    {"exp", exp, [](Real x) { return std::exp(x); }},
    {"log", log, [](Real x) { return std::log(x); }},
    {"sqrt", sqrt, [](Real x) { return std::sqrt(x); }},
    {"square", square, [](Real x) { return x * x; }},
    {"abs", abs, [](Real x) { return std::fabs(x); }},
    {"sign", sign, [](Real x) { return x > 0   ? Real{1}
                                       : x < 0 ? Real{-1}
                                               : x; }},
    {"sin", sin, [](Real x) { return std::sin(x); }},
    {"cos", cos, [](Real x) { return std::cos(x); }},
    {"tanh", tanh, [](Real x) { return std::tanh(x); }},
    {"sigmoid", sigmoid, [](Real x) { return 1 / (1 + std::exp(-x)); }},
    {"relu", relu, [](Real x) { return x <= 0 ? Real{0} : x; }},
    {"softplus", softplus, [](Real x) { return std::log1p(std::exp(x)); }},
    {"erf", erf, [](Real x) { return std::erf(x); }},
    {"floor", floor, [](Real x) { return std::floor(x); }},
    {"round", round, [](Real x) { return std::nearbyint(x); }},
    {"identity", identity, [](Real x) { return x; }},
    {"stop_gradient", stop_gradient, [](Real x) { return x; }},
    // So far out that no gradient of a test is clipped; what it does to others has tests of its own below.
    {"clip_gradient", [](Var x) { return clip_gradient(x, 1e9); }, [](Real x) { return x; }},
    {"clip_gradient", [](Var x) { return clip_gradient_norm(x, 1e9); }, [](Real x) { return x; }},
};

const std::vector<BinaryRow> binary_rows_here = {
    {"add", add, [](Real a, Real b) { return a + b; }},
    {"sub", sub, [](Real a, Real b) { return a - b; }},
    {"mul", mul, [](Real a, Real b) { return a * b; }},
    {"div", div, [](Real a, Real b) { return a / b; }},
    {"pow", pow, [](Real a, Real b) { return std::pow(a, b); }},
    {"maximum", maximum, larger, false},
    {"less", less, [](Real a, Real b) { return indicator(a < b); }},
    {"less_equal", less_equal, [](Real a, Real b) { return indicator(a <= b); }},
    {"greater", greater, [](Real a, Real b) { return indicator(a > b); }},
    {"greater_equal", greater_equal, [](Real a, Real b) { return indicator(a >= b); }},
    {"equal", equal, [](Real a, Real b) { return indicator(a == b); }},
    {"not_equal", not_equal, [](Real a, Real b) { return indicator(a != b); }},
};

OpCase unary_case(const UnaryRow& row, Dims dims) {
  const UnaryReference f = row.reference;
  return {.op = row.name,
          .label = "",
          .operands = {{std::move(dims)}},
          .record = [record = row.record](const std::vector<Var>& in) { return record(in[0]); },
          .reference =
              [f](const std::vector<Array>& in) {
                return generate(in[0].shape, [&](const Index& i) { return f(in[0].at(i)); });
              }};
}

OpCase binary_case(const BinaryRow& row, Dims a, Dims b) {
  const BinaryReference f = row.reference;
  return {.op = row.name,
          .label = "",
          .operands = {{std::move(a)}, {std::move(b)}},
          .record = [record = row.record](const std::vector<Var>& in) { return record(in[0], in[1]); },
          .reference =
              [f](const std::vector<Array>& in) {
                return generate(common_shape(in),
                                [&](const Index& i) { return f(in[0].stretched(i), in[1].stretched(i)); });
              },
          .zero_sign = row.zero_sign};
}

OpCase where_case(Operand condition, Dims a, Dims b) {
  return {.op = "where",
          .label = "",
          .operands = {std::move(condition), {std::move(a)}, {std::move(b)}},
          .record = [](const std::vector<Var>& in) { return where(in[0], in[1], in[2]); },
          .reference =
              [](const std::vector<Array>& in) {
                return generate(common_shape(in), [&](const Index& i) {
                  return in[0].stretched(i) != 0 ? in[1].stretched(i) : in[2].stretched(i);
                });
              }};
}

}  // namespace

std::vector<OpCase> elementwise_cases() {
  std::vector<OpCase> cases;
  for (const UnaryRow& row : unary_rows_here)
    for (const Dims& dims : {Dims{}, Dims{1}, Dims{2, 3}, Dims{T, B, 3}, Dims{0, 2}, Dims{19}})
      cases.push_back(unary_case(row, dims));
  const std::vector<std::pair<Dims, Dims>> shapes = {{{}, {}},
                                                     {{2, 3}, {2, 3}},
                                                     {{2, 3}, {3}},
                                                     {{2, 1}, {1, 3}},
                                                     {{}, {2, 3}},
                                                     {{T, B, 3}, {3}},
                                                     {{T, 1, 2}, {B, 1}},
                                                     {{B, 2}, {T, B, 2}},
                                                     {{T, B}, {}},
                                                     {{1}, {1, 1}},
                                                     {{2, 1, 3, 1}, {4, 1, 2}},
                                                     {{0, 3}, {1, 3}}};
  for (const BinaryRow& row : binary_rows_here)
    for (const auto& [a, b] : shapes) cases.push_back(binary_case(row, a, b));
  cases.push_back(where_case({{2, 3}, Draw::bit}, {2, 3}, {2, 3}));
  cases.push_back(where_case({{3}, Draw::bit}, {2, 1}, {}));
  cases.push_back(where_case({{}, Draw::bit}, {2, 3}, {3}));
  cases.push_back(where_case({{T, B, 1}, Draw::bit}, {B, 2}, {T, 1, 2}));
  cases.push_back(where_case({{2, 3}}, {3}, {2, 3}));
  return cases;
}

namespace {

/// Every pair of these is a case of its own: equal infinities, 0 times infinity, 0 to the 0, ...
const std::vector<double>& edge_values() {
  constexpr double inf = std::numeric_limits<double>::infinity();
  static const std::vector<double> values = {std::nan(""), inf, -inf, 0.0, -0.0, 1, -1, 0.5, -2, 3};
  return values;
}

template <class P>
void check_edge_pairs() {
  const auto n = static_cast<std::int64_t>(edge_values().size());
  for (const BinaryRow& row : binary_rows_here) {
    const OpCase c = binary_case(row, {n, 1}, {n});
    Point point;
    point.real = {Tensor<double>(Shape{n, 1}, std::span<const double>(edge_values())),
                  Tensor<double>(Shape{n}, std::span<const double>(edge_values()))};
    point.index.resize(2);
    const Recorded recorded(c);
    const std::string wrong =
        difference(c, evaluate<P>(recorded, point, {recorded.result})[0], c.reference(as_arrays(c, point)));
    CHECK_MESSAGE(wrong.empty(), row.name, ": ", wrong);
  }
}

/// Gives `row` operands of shape (n, 1) and (1, n), and then every pair of their elements alone.
template <class P>
void check_position_independence(const Op& row) {
  constexpr std::int64_t n = 37;  // no multiple of a register's width
  OpCase wide{.op = std::string(row.name), .label = "", .operands = {}, .record = {}, .reference = {}};
  for (std::size_t i = 0; i < row.operands.size(); ++i)
    wide.operands.push_back({i == 0 ? Dims{n, 1} : Dims{1, n}});
  wide.record = [&row](const std::vector<Var>& in) { return record(row, in); };
  OpCase single = wide;
  for (Operand& operand : single.operands) operand.dims = {};

  const Point point = sample(wide, ordinary);
  const Recorded recorded(wide), alone(single);
  const Tensor<P> together = evaluate<P>(recorded, point, {recorded.result})[0];
  Plan<P> plan(*alone.tape, {alone.result});
  std::vector<Tensor<P>> x(alone.inputs.size());
  for (std::size_t i = 0; i < x.size(); ++i) plan.bind(alone.inputs[i], x[i]);
  std::int64_t different = 0;
  for (std::int64_t at = 0; at < together.numel(); ++at) {
    const std::int64_t columns = row.operands.size() == 1 ? 1 : n;
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i][0] = static_cast<P>(point.real[i][i == 0 ? at / columns : at % columns]);
    plan.run();
    different += !Tensor<P>(Shape{}, {together[at]}).same_bits(plan.tensor(alone.result));
  }
  CHECK_MESSAGE(different == 0, row.name, ": ", different, " of ", together.numel(), " elements differ");
}

/// d(f)/d(operand i) at scalar operands.
std::vector<double> slopes(Var (*f)(const std::vector<Var>&), const std::vector<double>& at) {
  Tape tape;
  std::vector<Var> x;
  std::vector<Tensor<double>> values;
  for (const double value : at) {
    x.push_back(tape.input("x", {}));
    values.emplace_back(Shape{}, value);
  }
  const std::vector<Var> g = gradients(f(x), x);
  Plan<double> plan(tape, g);
  for (std::size_t i = 0; i < x.size(); ++i) plan.bind(x[i], values[i]);
  plan.run();
  std::vector<double> result;
  for (const Var& v : g) result.push_back(plan.value(v)[0]);
  return result;
}

}  // namespace

TEST_CASE("[conformance] every pair of edge values gives what IEEE arithmetic gives") {
  check_edge_pairs<double>();
  check_edge_pairs<float>();
}

TEST_CASE("[conformance] an element of an elementwise result has the same bits alone and in a broadcast") {
  int rows = 0;
  for (const Op* row : op_table()) {
    if (!row->elementwise()) continue;
    check_position_independence<double>(*row);
    check_position_independence<float>(*row);
    ++rows;
  }
  CHECK(rows == 32);
}

TEST_CASE("[conformance] at kinks and ties the gradients are those that the catalogue promises") {
  CHECK(slopes([](const std::vector<Var>& x) { return abs(x[0]); }, {0.0})[0] == 0);
  CHECK(slopes([](const std::vector<Var>& x) { return relu(x[0]); }, {0.0})[0] == 0);
  CHECK(slopes([](const std::vector<Var>& x) { return sign(x[0]); }, {0.0})[0] == 0);
  CHECK(slopes([](const std::vector<Var>& x) { return maximum(x[0], x[1]); }, {2.0, 2.0}) ==
        std::vector<double>{0.5, 0.5});
  CHECK(slopes([](const std::vector<Var>& x) { return maximum(x[0], x[1]); }, {2.0, 3.0}) ==
        std::vector<double>{0, 1});
}

TEST_CASE("[conformance] clip_gradient changes nothing but the cotangents beyond its limit") {
  const auto slope = [](double cotangent, double limit, Dim of = 1) {
    Tape tape;
    const Var x = tape.input("x", {}), c = tape.input("c", {});
    const Var y = clip_gradient(x, limit, of) * c;
    const Var g = gradients(y, {x})[0];
    Plan<double> plan(tape, {y, g});
    const Tensor<double> at(Shape{}, 3.0), by(Shape{}, cotangent);
    plan.bind(x, at);
    plan.bind(c, by);
    plan.run();
    const bool same = plan.value(y)[0] == 3 * cotangent || std::isnan(cotangent);
    CHECK(same);
    return plan.value(g)[0];
  };
  for (const double c : {0.5, -0.5, 2.0, -2.0, 0.0}) CHECK(slope(c, 2) == c);
  CHECK(slope(2.5, 2) == 2);
  CHECK(slope(-7, 2) == -2);
  CHECK(slope(7, 2, 4) == 0.5);
  CHECK(slope(0.25, 2, 4) == 0.25);
  CHECK(slope(std::numeric_limits<double>::infinity(), 2) == 2);
  CHECK(std::isnan(slope(std::nan(""), 2)));
}

TEST_CASE("[conformance] clip_gradient clips where a scan hands a gradient on, at every step anew") {
  Tape tape;
  const Var start = tape.input("start", {B}), x = tape.input("x", {T, B});
  const auto step = [](const std::vector<Var>& at, const std::vector<Var>& h) {
    return Step{.state = {2.0 * clip_gradient(h[0], 3, B) + at[0]}};
  };
  const Scanned scanned = scan(step, {x}, {start});
  const std::vector<Var> g = gradients(mean(scanned.final_state[0]), {x, start});
  for (const std::int64_t rows : {1, 4}) {
    Plan<double> plan(tape, g);
    const Tensor<double> zeros(Shape{4, rows}), before(Shape{rows});
    plan.bind(x, zeros);
    plan.bind(start, before);
    plan.run();
    // Of one sequence: 1, then 2, then 4 becomes 3, then 6 does, and the start has 3 of 6.
    const std::vector<double> expected = {3, 3, 2, 1};
    for (std::int64_t t = 0; t < 4; ++t)
      for (std::int64_t b = 0; b < rows; ++b)
        CHECK(plan.value(g[0])[static_cast<std::size_t>(t * rows + b)] ==
              doctest::Approx(expected[static_cast<std::size_t>(t)] / static_cast<double>(rows)));
    CHECK(plan.value(g[1])[0] == doctest::Approx(3 / static_cast<double>(rows)));
  }
}

TEST_CASE(
    "[conformance] clip_gradient_norm shortens the cotangents of rows that are too long, and turns none") {
  Tape tape;
  const Var x = tape.input("x", {B, 2}), c = tape.input("c", {B, 2});
  const auto clipped = [&](double limit, Dim of, const Tensor<double>& by) {
    const Var g = gradients(sum(clip_gradient_norm(x, limit, of) * c), {x})[0];
    Plan<double> plan(tape, {g});
    const Tensor<double> at(by.shape(), 1.0);
    plan.bind(x, at);
    plan.bind(c, by);
    plan.run();
    const auto values = plan.value(g);
    return std::vector<double>(values.begin(), values.end());
  };
  Tensor<double> by({4, 2});
  for (std::int64_t i = 0; i < 8; ++i)
    by[i] = std::array{3.0, 4.0, 0.3, -0.4, 0.0, 0.0, -6.0, 8.0}[static_cast<std::size_t>(i)];
  const std::vector<double> at_1 = clipped(1, 1, by), at_8 = clipped(8, B, by);
  const std::vector<double> expected_1 = {0.6, 0.8, 0.3, -0.4, 0, 0, -0.6, 0.8};
  const std::vector<double> expected_8 = {1.2, 1.6, 0.3, -0.4, 0, 0, -1.2, 1.6};  // 8 / 4 rows
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(at_1[i] == doctest::Approx(expected_1[i]));
    CHECK(at_8[i] == doctest::Approx(expected_8[i]));
  }
  by[0] = std::nan("");
  CHECK(std::isnan(clipped(1, 1, by)[1]));
  CHECK(clipped(1, 1, by)[7] == doctest::Approx(0.8));
}

TEST_CASE("[conformance] clip_gradient wants a limit above 0") {
  Tape tape;
  const Var x = tape.input("x", {2});
  CHECK_THROWS_WITH_AS(clip_gradient(x, 0), "[clip_gradient] the limit is 0, expected above 0",
                       std::invalid_argument);
}

TEST_CASE("[conformance] the power's gradient at base 0 is finite where the limit is") {
  const auto power = [](const std::vector<Var>& x) { return pow(x[0], x[1]); };
  CHECK(slopes(power, {0.0, 2.0}) == std::vector<double>{0, 0});
  CHECK(slopes(power, {0.0, 1.0}) == std::vector<double>{1, 0});
  CHECK(slopes(power, {-2.0, 3.0})[0] == doctest::Approx(12));
}

TEST_CASE("[conformance] a NaN in the branch that where does not choose touches neither value nor gradient") {
  const auto safe_log = [](const std::vector<Var>& x) {
    return where(greater(x[0], x[0].tape().fill(0, {})), x[1], log(x[0]));
  };
  const std::vector<double> g = slopes(safe_log, {1.0, 5.0});
  CHECK(g == std::vector<double>{0, 1});
  const double nan = std::nan("");
  CHECK(slopes([](const std::vector<Var>& x) { return where(x[0], x[1], x[2]); }, {1.0, 2.0, nan}) ==
        std::vector<double>{0, 1, 0});
}

}  // namespace unroll::conformance
