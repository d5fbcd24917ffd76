#include "models/check/step_fault.hpp"

#include <doctest/doctest.h>

#include "models/language/definition.hpp"

using namespace unroll;

namespace {

EquationCell cell_of(const std::string& equations) {
  return {define_cell("test.cell", "cell test\n" + equations), {.input_size = 1, .hidden_size = 2}};
}

Tensor<float> row(float a, float b) { return Tensor<float>(Shape{1, 2}, {a, b}); }

/// Every parameter is `p` everywhere.
StepAt at(const EquationCell& cell, float p, float x, std::vector<Tensor<float>> before,
          std::vector<Tensor<float>> e = {}) {
  StepAt step;
  for (const ParameterSpec& spec : cell.parameters()) step.parameters.emplace_back(spec.shape, p);
  step.x = Tensor<float>(Shape{1, 1}, x);
  step.before = std::move(before);
  step.e = std::move(e);
  return step;
}

std::string text_of(const EquationCell& cell, const StepAt& step) {
  const auto fault = find_step_fault(cell, step);
  return fault ? fault->text() : "(none)";
}

}  // namespace

TEST_CASE("[step fault] the part that makes the first value is named, with the ranges of its equation") {
  const EquationCell cell = cell_of("state h\na = exp(W x)\nh' = tanh(U h) + log(a - 3) + b\n");
  const std::string found = text_of(cell, at(cell, 0.5f, 1, {row(-1, 2)}));  // exp(0.5) is 1.6487
  CHECK(found ==
        "`log(a - 3)` in the equation h' = tanh(U h) + log(a - 3) + b, where U is 0.5, h is from -1 to 2, a "
        "is 1.64872, b is 0.5");
  CHECK(text_of(cell, at(cell, 2.0f, 1, {row(-1, 2)})) == "(none)");
}

TEST_CASE("[step fault] what overflows in the precision of training is found there") {
  const EquationCell cell = cell_of("state h\ng = W x * 1e20\nh' = g * g + U h + b\n");
  const std::string found = text_of(cell, at(cell, 1, 1, {row(0, 0)}));
  CHECK_MESSAGE(found.starts_with("`g * g` in the equation h' = g * g + U h + b, where g is 1e+20"), found);
}

TEST_CASE("[step fault] the part that spoils a gradient is named, and no other that reads the same value") {
  const EquationCell cell =
      cell_of("state h\na = tanh(h)\nc = sqrt(h)\nd = sigmoid(h)\nh' = a + c + d + W x\n");
  const std::string found = text_of(cell, at(cell, 1, 1, {row(0, 1)}, {row(1, 1)}));
  CHECK(found == "the derivative of `sqrt(h)` in the equation c = sqrt(h), where h is from 0 to 1");
  CHECK(text_of(cell, at(cell, 1, 1, {row(0, 1)})) == "(none)");  // its value is fine
  CHECK(text_of(cell, at(cell, 1, 1, {row(2, 1)}, {row(1, 1)})) == "(none)");
}

TEST_CASE("[step fault] inside of a product it is the inner part") {
  const EquationCell cell = cell_of("state h\nh' = (h + 1) * sqrt(h) + W x\n");
  const std::string found = text_of(cell, at(cell, 1, 1, {row(0, 1)}, {row(1, 1)}));
  CHECK_MESSAGE(found.starts_with("the derivative of `sqrt(h)`"), found);
}

TEST_CASE("[step fault] a parameter's gradient alone may be what is spoilt") {
  const EquationCell cell = cell_of("state h\nh' = tanh(U h + W x) + sqrt(b)\n");
  const std::string found = text_of(cell, at(cell, 0, 1, {row(1, 1)}, {row(1, 1)}));
  CHECK_MESSAGE(found.starts_with("the derivative of `sqrt(b)`"), found);
}
