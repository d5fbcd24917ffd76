#include "models/cell_check.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/activation.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "tests/models/small_cells.hpp"

using namespace unroll;

namespace {

/// tanh with the derivative 1 - y instead of 1 - y².
const Op& wrong_op() {
  static const Op wrong = [] {
    const auto table = op_table();
    Op op = **std::ranges::find_if(table, [](const Op* row) { return row->name == "tanh"; });
    op.name = "twist";
    op.operands = {{.vjp = [](const Pullback& p) { return p.g() * (1.0 - p.out()); }}};
    return op;
  }();
  return wrong;
}

FunctionTable with_wrong_function() {
  std::vector<Function> functions(standard_functions().all().begin(), standard_functions().all().end());
  Function twist = *standard_functions().find("tanh");
  twist.name = "twist";
  twist.record = [](const FunctionCall& call) { return record(wrong_op(), {call.values[0]}); };
  functions.push_back(std::move(twist));
  return FunctionTable(std::move(functions));
}

}  // namespace

TEST_CASE("[cells] every cell passes its check, with every activation") {
  for (const CellRow& row : cell_table())
    for (const std::string& activation : activation_names()) {
      if (!row.definition->uses_activation && activation != "tanh") continue;
      const auto checks = check_cell(*row.make({3, 4, activation, test::small_constants(row.name)}), 3);
      INFO(row.name, " ", activation, "\n", to_text(checks, row.name));
      CHECK(all_ok(checks));
      CHECK(checks.size() >= row.definition->equations.size() + 4);
    }
}

TEST_CASE("[cells] a wrong derivative is found, and the equation with it named") {
  const FunctionTable functions = with_wrong_function();
  const auto definition = define_cell("test",
                                      "cell test\nstate h\nf = sigmoid(W_f x + U_f h)\n"
                                      "g = twist(W_g x + U_g h)\nh' = f * g\n",
                                      functions);
  const auto checks = check_cell(EquationCell(definition, {3, 4}), 3);
  REQUIRE(checks.size() == 7);
  CHECK(checks[0].ok);
  CHECK_FALSE(checks[1].ok);
  CHECK(checks[2].ok);
  CHECK_FALSE(checks[3].ok);  // the whole cell
  const std::string text = to_text(checks, "test");
  CHECK(text.find("test: g = twist(W_g x + U_g h)") != std::string::npos);
  CHECK(text.find("f = sigmoid") == std::string::npos);
}

TEST_CASE(
    "[cells] a cell that is no function of its state, or not a finite one, is not passed over in silence") {
  const auto definition = define_cell("test", "cell test\nstate h\nh' = log(W x + U h - 100)\n");
  CHECK_FALSE(all_ok(check_cell(EquationCell(definition, {3, 4}), 3)));
}

TEST_CASE("[cells] equations that depend on parameters alone are checked as such") {
  const auto definition =
      define_cell("test",
                  "cell test\nstate h\nparam b_s: hidden\nstate M: (hidden, hidden)\nA = U - transpose(U)\nk "
                  "= exp(-1 / 4)\n"
                  "s = sum(b_s)\nM' = k * M + s * outer(h, h)\nh' = h + 0.1 * tanh(A h + M h + W x)\n");
  const auto checks = check_cell(EquationCell(definition, {3, 4}), 3);
  INFO(to_text(checks, "test"));
  CHECK(all_ok(checks));
}

TEST_CASE("[cells] a cell without its input does not pass") {
  const auto definition = define_cell("test", "cell test\nstate h\nh' = tanh(U h + b)\n");
  const auto checks = check_cell(EquationCell(definition, {3, 4}), 3);
  CHECK(to_text(checks, "test").find("no state depends on x") != std::string::npos);
}
