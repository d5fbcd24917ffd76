#include "framework/plan/gradcheck.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/random/stream.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;

namespace {

using P = const Pullback&;

Op copied_row(std::string_view name) {
  for (const Op* op : op_table())
    if (op->name == name) return *op;
  throw std::invalid_argument("no such row");
}

/// The row with another rule for one operand.
Op with_rule(std::string_view name, std::size_t operand, Vjp rule) {
  Op op = copied_row(name);
  op.operands[operand].vjp = rule;
  return op;
}

Tensor<double> uniform(const Shape& shape, double low, double high) {
  Stream stream(3, Purpose::check);
  Tensor<double> x(shape);
  for (double& value : x.span()) value = stream.uniform(low, high);
  return x;
}

GradcheckReport check_scalar(const std::function<Var(Var)>& f, double at) {
  Tape tape;
  const Var x = tape.input("x", {});
  return gradcheck(f(x), {x}, {.real = {{x, Tensor<double>(Shape{}, at)}}, .index = {}});
}

}  // namespace

TEST_CASE("[gradcheck] correct gradients are reported as agreeing, in one line") {
  Tape tape;
  const Var x = tape.input("x", {3, 4}), w = tape.input("w", {4, 2});
  const GradcheckReport report = gradcheck(tanh(matmul(sin(x), w)), {x, w});
  CHECK_MESSAGE(report.ok(), report.to_text());
  CHECK(report.worst() < 1e-8);
  CHECK(report.entries.size() == (12 + 8) * 6 + 2 * 3);
  const std::string text = report.to_text();
  CHECK(contains(text, "agree"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("[gradcheck] a rule that is 0.1 % wrong is caught at every element and by every projection") {
  static const Op wrong = with_rule("tanh", 0, [](P p) { return 1.001 * (p.g() * (1.0 - square(p.out()))); });
  Tape tape;
  const Var x = tape.input("x", {2, 3});
  const GradcheckReport report = gradcheck(record(wrong, {x}), {x});
  CHECK_FALSE(report.ok());
  int caught = 0;
  for (const GradcheckEntry& e : report.entries) {
    caught += !e.ok;
    if (!e.ok) CHECK(e.error == doctest::Approx(0.001).epsilon(0.01));
  }
  CHECK(caught == 6 + 3);
}

TEST_CASE("[gradcheck] a rule that is 0.1 % wrong is caught at sizes where only projections are taken") {
  static const Op wrong = with_rule("tanh", 0, [](P p) { return 1.001 * (p.g() * (1.0 - square(p.out()))); });
  Tape tape;
  const Var x = tape.input("x", {100, 100});
  const GradcheckReport report = gradcheck(record(wrong, {x}), {x});
  CHECK(report.entries.size() == 3);
  for (const GradcheckEntry& e : report.entries) CHECK_FALSE(e.ok);
}

TEST_CASE("[gradcheck] a wrong sign is caught, and blamed on its operand alone") {
  static const Op wrong = with_rule("sub", 1, [](P p) { return p.g(); });
  Tape tape;
  const Var a = tape.input("a", {3}), b = tape.input("b", {3});
  const GradcheckReport report = gradcheck(record(wrong, {a, b}), {a, b});
  for (const GradcheckEntry& e : report.entries)
    if (e.variable[0] == 'a') CHECK(e.ok);
  for (const std::string output : {"output[0]", "output[1]", "output[2]"}) {
    const std::string variable = "b" + output.substr(6);
    const auto found =
        std::find_if(report.entries.begin(), report.entries.end(),
                     [&](const GradcheckEntry& e) { return e.variable == variable && e.output == output; });
    REQUIRE(found != report.entries.end());
    CHECK_FALSE(found->ok);
    CHECK(found->reverse == 1);
    CHECK(found->difference == doctest::Approx(-1));
  }
}

TEST_CASE("[gradcheck] a missing transpose of a square matrix is caught") {
  static const Op wrong = with_rule("matmul", 0, [](P p) { return matmul(p.g(), p.in(1)); });
  Tape tape;
  const Var a = tape.input("a", {3, 3}), b = tape.input("b", {3, 3});
  CHECK_FALSE(gradcheck(record(wrong, {a, b}), {a, b}).ok());
  CHECK(gradcheck(record(wrong, {a, b}), {b}).ok());
  CHECK_FALSE(gradcheck(record(wrong, {a, b}), {a}, {}, {.jacobian_elements = 0}).ok());
}

TEST_CASE("[gradcheck] a factor that one operand's rule forgot is caught") {
  static const Op wrong = with_rule("div", 1, [](P p) { return -(p.g() * p.out()); });
  Tape tape;
  const Var a = tape.input("a", {2, 2}), b = tape.input("b", {2});
  const GradcheckPoint at{.real = {{a, uniform({2, 2}, 1, 2)}, {b, uniform({2}, 1.5, 2)}}, .index = {}};
  CHECK(gradcheck(record(wrong, {a, b}), {a}, at).ok());
  CHECK_FALSE(gradcheck(record(wrong, {a, b}), {b}, at).ok());
}

TEST_CASE("[gradcheck] a rule that breaks the chain shows where one variable is used twice") {
  static const Op wrong = with_rule("mul", 1, [](P p) { return p.tape().zeros(p.dims(1)); });
  Tape tape;
  const Var x = tape.input("x", {3});
  CHECK_FALSE(gradcheck(record(wrong, {x, x}), {x}).ok());
}

TEST_CASE("[gradcheck] a second derivative is checked like any other function") {
  static const Op wrong = with_rule("tanh", 0, [](P p) {
    return p.g() * (1.0 - square(stop_gradient(p.out())));  // right, but constant to the next derivative
  });
  Tape tape;
  const Var x = tape.input("x", {3});
  const Var y = record(wrong, {x});
  CHECK(gradcheck(y, {x}).ok());
  CHECK_FALSE(gradcheck(gradients(sum(y), {x})[0], {x}).ok());
  CHECK(gradcheck(gradients(sum(tanh(x)), {x})[0], {x}).ok());
}

TEST_CASE("[gradcheck] one wrong element out of 100,000 is caught by random projections") {
  static const Op wrong = with_rule("sin", 0, [](P p) {
    Tensor<double> factor(Shape{100000}, 1.0);
    factor[31415] = 0.9;
    return p.g() * cos(p.in(0)) * p.tape().constant(factor);
  });
  Tape tape;
  const Var x = tape.input("x", {100000});
  CHECK(gradcheck(sin(x), {x}).ok());
  CHECK_FALSE(gradcheck(record(wrong, {x}), {x}).ok());
}

TEST_CASE("[gradcheck] the table names variable and element and both values, worst first") {
  static const Op wrong = with_rule("square", 0, [](P p) {
    return p.g() * p.in(0) * p.tape().constant(Tensor<double>(Shape{1, 3}, {2, 2.02, 4}));
  });
  Tape tape;
  const Var x = tape.input("weights", {1, 3});
  const GradcheckPoint at{.real = {{x, Tensor<double>(Shape{1, 3}, {1, 1, 1})}}, .index = {}};
  const GradcheckReport report = gradcheck(record(wrong, {x}), {x}, at, {.projections = 0});
  CHECK(report.worst() == doctest::Approx(0.5));
  const std::string text = report.to_text();
  CAPTURE(text);
  CHECK(contains(text, "2 of 9 derivatives disagree"));
  CHECK_FALSE(contains(text, "weights[0, 0]"));
  const std::size_t worst = text.find("weights[0, 2]"), milder = text.find("weights[0, 1]");
  REQUIRE(worst != std::string::npos);
  REQUIRE(milder != std::string::npos);
  CHECK(worst < milder);
  CHECK(contains(text.substr(milder), "2.02"));
  CHECK(contains(text.substr(worst, milder - worst), "4"));
  CHECK(contains(text, "output[0, 2]"));
}

TEST_CASE("[gradcheck] a NaN stands first in the table and is the worst error") {
  Tape tape;
  const Var x = tape.input("x", {3});
  const GradcheckPoint at{.real = {{x, Tensor<double>(Shape{3}, {1, -1, 2})}}, .index = {}};
  static const Op wrong = with_rule("square", 0, [](P p) { return p.g() * p.in(0) * (log(p.in(0)) + 7.0); });
  const GradcheckReport report = gradcheck(record(wrong, {x}), {x}, at, {.projections = 0});
  CHECK_FALSE(report.ok());
  CHECK(std::isnan(report.worst()));
  const std::string text = report.to_text();
  CAPTURE(text);
  CHECK(contains(text, "worst relative error nan"));
  CHECK(text.find("x[1]") < text.find("x[0]"));
}

TEST_CASE("[gradcheck] a long table is cut short, and says how much is missing") {
  static const Op wrong = with_rule("neg", 0, [](P p) { return p.g(); });
  Tape tape;
  const Var x = tape.input("x", {25});
  const GradcheckReport report =
      gradcheck(record(wrong, {x}), {x}, {}, {.jacobian_elements = 625, .projections = 0});
  CHECK(contains(report.to_text(), "and 5 more"));
}

TEST_CASE("[gradcheck] at a kink itself nothing is proved, whatever the rule says") {
  const auto refused = [](const GradcheckReport& report) {
    for (const GradcheckEntry& e : report.entries)
      if (e.ok) return false;
    return !report.entries.empty();
  };
  const auto unsettled = [](const GradcheckReport& report) {
    return std::all_of(report.entries.begin(), report.entries.end(),
                       [](const GradcheckEntry& e) { return e.uncertainty > 0.01; });
  };
  for (const GradcheckReport& report :
       {check_scalar([](Var x) { return abs(x); }, 0), check_scalar([](Var x) { return relu(x); }, 0),
        check_scalar([](Var x) { return maximum(x, x.tape().fill(2, {})); }, 2),
        check_scalar([](Var x) { return sin(x) + 0.3 * abs(x); }, 0),
        check_scalar([](Var x) { return sign(x); }, 0)}) {
    CHECK_MESSAGE(refused(report), report.to_text());
    CHECK_MESSAGE(unsettled(report), report.to_text());
  }
}

TEST_CASE("[gradcheck] a kink near the point does not mislead: steps are halved until they do not reach it") {
  for (const double distance : {0.04, 0.01, 0.004, 0.001}) {
    for (const double x : {distance, -distance}) {
      CAPTURE(x);
      for (const auto& report :
           {check_scalar([](Var v) { return relu(v); }, x), check_scalar([](Var v) { return abs(v); }, x),
            check_scalar([](Var v) { return exp(v) * abs(v); }, x)})
        CHECK_MESSAGE(report.ok(), report.to_text());
    }
    static const Op wrong = with_rule("abs", 0, [](P p) { return 1.001 * (p.g() * sign(p.in(0))); });
    CHECK_FALSE(check_scalar([](Var v) { return record(wrong, {v}); }, distance).ok());
  }
}

TEST_CASE("[gradcheck] smooth functions of any steepness and flatness settle") {
  CHECK(check_scalar([](Var x) { return exp(5.0 * x); }, 1).ok());
  CHECK(check_scalar([](Var x) { return sin(20.0 * x); }, 0.3).ok());
  CHECK(check_scalar([](Var x) { return square(x); }, 0).ok());
  CHECK(check_scalar([](Var x) { return 1000.0 + square(square(x)); }, 0).ok());
  CHECK(check_scalar([](Var x) { return x.tape().fill(3, {}) + 0.0 * x; }, 1).ok());
  CHECK(check_scalar([](Var x) { return tanh(x); }, 15).ok());
}

TEST_CASE("[gradcheck] zero derivatives that a rule invents or drops are caught") {
  static const Op invents = with_rule("sin", 0, [](P p) { return p.g() * cos(p.in(0)) + 1e-3; });
  CHECK_FALSE(check_scalar([](Var x) { return record(invents, {x}); }, std::acos(0.0)).ok());
  CHECK_FALSE(check_scalar([](Var x) { return sin(stop_gradient(x)); }, 0.5).ok());
}

TEST_CASE("[gradcheck] an index input must be given") {
  Tape tape;
  const Var x = tape.input("x", {3}), i = tape.index_input("which", {2});
  const Var y = gather(x, i);
  CHECK_THROWS_WITH_AS(gradcheck(y, {x}), doctest::Contains("which"), std::invalid_argument);
  CHECK(gradcheck(y, {x}, {.real = {}, .index = {{i, Tensor<std::int64_t>(Shape{2}, {1, 1})}}}).ok());
}
