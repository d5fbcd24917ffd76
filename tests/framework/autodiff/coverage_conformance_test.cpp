#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "framework/autodiff/ops/sources.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {

std::vector<OpCase> op_cases() {
  std::vector<OpCase> cases;
  for (const auto& family : {elementwise_cases(), reduction_cases(), product_cases(), solve_cases(),
                             shaping_cases(), indexing_cases(), random_cases()})
    cases.insert(cases.end(), family.begin(), family.end());
  return cases;
}

std::vector<OpCase> all_cases() {
  std::vector<OpCase> cases = op_cases();
  const std::vector<OpCase> composed = composed_cases();
  cases.insert(cases.end(), composed.begin(), composed.end());
  return cases;
}

const Op* find_row(std::string_view name) {
  for (const Op* row : op_table())
    if (row->name == name) return row;
  return nullptr;
}

namespace {

// Rows without real operands, tested by name, and scan, whose laws have a test file of their own.
const std::set<std::string_view> tested_elsewhere = {"input", "index_input", "step_index", "constant",
                                                     "fill",  "count",       "scan"};

bool records(const OpCase& c, std::string_view row) {
  const Recorded recorded(c);
  const auto& nodes = recorded.tape->nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) { return node.op->name == row; });
}

}  // namespace

TEST_CASE("[conformance] every row of the op table has a case and every case records the row it names") {
  std::set<std::string_view> seen = tested_elsewhere;
  const std::vector<OpCase> cases = op_cases();
  for (const OpCase& c : cases) {
    CAPTURE(name_of(c, ordinary));
    CHECK(find_row(c.op) != nullptr);
    CHECK(records(c, c.op));
    seen.insert(c.op);
  }
  for (const Op* row : op_table()) CHECK_MESSAGE(seen.contains(row->name), "no case for ", row->name);
  CHECK(seen.size() == op_table().size());
}

TEST_CASE(
    "[conformance] every broadcasting row has cases that broadcast, symbolic shapes and an empty shape") {
  std::set<std::string> broadcasting, symbolic, empty;
  for (const OpCase& c : op_cases()) {
    if (c.operands.size() > 1 && c.operands[0].dims != c.operands[1].dims) broadcasting.insert(c.op);
    if (is_symbolic(c)) symbolic.insert(c.op);
    if (as_arrays(c, sample(c, {0, 0}))[0].values.empty()) empty.insert(c.op);
  }
  for (const Op* row : op_table()) {
    const std::string name(row->name);
    if (tested_elsewhere.contains(name) || name.starts_with("random_")) continue;
    CHECK_MESSAGE(symbolic.contains(name), name);
    CHECK_MESSAGE(empty.contains(name), name);
    if (row->elementwise() && row->operands.size() > 1) CHECK_MESSAGE(broadcasting.contains(name), name);
  }
}

TEST_CASE("[conformance] the rows of the table are complete and their names differ") {
  std::set<std::string_view> names;
  for (const Op* row : op_table()) {
    CAPTURE(row->name);
    CHECK(names.insert(row->name).second);
    if (row->name == "scan") continue;
    CHECK((row->forward.f32 == nullptr) == (row->forward.f64 == nullptr));
    CHECK(bool(row->shape) == (row->attrs != &attrs_type<InputAttrs>));
    CHECK(row->elementwise() == (row->rows == Rows::elementwise));
    CHECK(bool(row->behind_rows) == (row->rows == Rows::axes));
    for (std::size_t i = 0; i < row->operands.size(); ++i) {
      const OperandSpec& operand = row->operands[i];
      CHECK_FALSE((operand.vjp && row->constant(i)));
      if (operand.kind == Kind::real) CHECK((operand.vjp || row->constant(i)));
    }
  }
}

}  // namespace unroll::conformance
