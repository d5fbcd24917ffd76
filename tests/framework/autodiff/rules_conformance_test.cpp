#include <doctest/doctest.h>

#include <deque>

#include "framework/autodiff/directions.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

constexpr Keep every_keep[] = {Keep::nothing, Keep::inputs, Keep::output, Keep::both};

bool within(Keep part, Keep whole) { return (static_cast<int>(part) & ~static_cast<int>(whole)) == 0; }

const Node& node_of(const Recorded& recorded, std::string_view row) {
  for (const Node& node : recorded.tape->nodes())
    if (node.op->name == row) return node;
  throw std::logic_error("the case does not record its row");
}

/// The row recorded once more with another declaration of what it keeps; what its rules say to that.
std::string complaint(const OpCase& c, Keep keep) {
  Recorded r(c);
  const Node node = node_of(r, c.op);
  Op variant = *node.op;
  variant.keep = keep;
  std::vector<Var> inputs;
  for (const ValueId id : node.inputs) inputs.emplace_back(*r.tape, id);
  const Var y = r.tape->record(variant, inputs, node.attrs);
  try {
    gradients(sum(y), r.differentiable());
  } catch (const std::logic_error& e) {
    return e.what();
  }
  return "";
}

std::string shape_message(const std::function<void()>& f) {
  try {
    f();
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "(no ShapeError)";
}

}  // namespace

TEST_CASE("[conformance] a row keeps exactly what its rules read") {
  for (const OpCase& c : op_cases()) {
    const Op& row = *find_row(c.op);
    if (always_constant(row) || Recorded(c).differentiable().empty()) continue;
    for (const Keep keep : every_keep) {
      CAPTURE(name_of(c, ordinary));
      CAPTURE(static_cast<int>(keep));
      const std::string message = complaint(c, keep);
      CAPTURE(message);
      if (within(row.keep, keep))
        CHECK(message.empty());
      else
        CHECK(message.find("[" + c.op + "] its gradient reads") != std::string::npos);
    }
  }
}

namespace {

using sizes::B;
using sizes::T;

struct Misfit {
  std::string op;
  std::vector<Operand> operands;
  std::function<void(const std::vector<Var>&)> record;
  std::vector<std::string> also = {};  ///< further text that the message holds
};

/// One or more for each row that can be given shapes that do not fit.
std::vector<Misfit> misfits() {
  using Given = std::vector<Var>;
  std::vector<Misfit> list;
  for (const Op* row : op_table())
    if (row->elementwise() && row->operands.size() >= 2) {
      const auto f = [row](const Given& in) { record(*row, in); };
      const std::vector<std::pair<Dims, Dims>> pairs = {
          {{2, 3}, {2}}, {{T, 4}, {B, 4}}, {{2, 3}, {4, 2, 2}}, {{0}, {2}}};
      for (const auto& [a, b] : pairs) {
        std::vector<Operand> operands(row->operands.size(), Operand{a});
        operands.back().dims = b;
        list.push_back({std::string(row->name), operands, f});
      }
    }
  const auto plain = [](Dims a, Dims b) { return std::vector<Operand>{{std::move(a)}, {std::move(b)}}; };
  const auto indexed = [](Dims a, Dims b) {
    return std::vector<Operand>{{std::move(a)}, index_operand(std::move(b), 1)};
  };
  const auto product = [](const Given& in) { matmul(in[0], in[1]); };
  for (const auto& [a, b] : std::vector<std::pair<Dims, Dims>>{{{2, 3}, {4, 2}},
                                                               {{3}, {3, 2}},
                                                               {{2, 3}, {3}},
                                                               {{2, 3, 4}, {3, 4, 2}},
                                                               {{T, 3}, {B, 2}},
                                                               {{2, 3, 4}, {5, 6}}})
    list.push_back({"matmul", plain(a, b), product});
  list.push_back({"matmul", plain({2, 3}, {3, 4}), [](const Given& in) { matmul(in[0], in[1], true); }});
  list.push_back({"matmul", plain({2, 3}, {3, 4}), [](const Given& in) { linear(in[0], in[1]); }});
  for (const auto& [a, b] :
       std::vector<std::pair<Dims, Dims>>{{{2, 3}, {2, 1}}, {{3, 3}, {2, 1}}, {{3, 3}, {3}}, {{3}, {3, 1}}}) {
    list.push_back({"solve", plain(a, b), [](const Given& in) { solve(in[0], in[1]); }});
    list.push_back(
        {"solve_triangular", plain(a, b), [](const Given& in) { solve_triangular(in[0], in[1], true); }});
  }
  list.push_back({"triangle", {{{3}}}, [](const Given& in) { triangle(in[0], true); }});
  list.push_back({"outer", plain({}, {3}), [](const Given& in) { outer(in[0], in[1]); }});
  list.push_back({"outer", plain({3}, {}), [](const Given& in) { outer(in[0], in[1]); }});
  list.push_back({"reshape", {{{2, 3}}}, [](const Given& in) { reshape(in[0], {4, 2}); }, {"(4, 2)"}});
  list.push_back({"reshape", {{{T, 3}}}, [](const Given& in) { reshape(in[0], {B, 3}); }, {"(B, 3)"}});
  list.push_back({"index_reshape",
                  {index_operand({2, 3}, 1)},
                  [](const Given& in) {
                    reshape(in[0], {4, 2});
                  },
                  {"(4, 2)"}});
  list.push_back({"transpose", {{{3}}}, [](const Given& in) { transpose(in[0]); }});
  list.push_back({"transpose", {{{2, 3}}}, [](const Given& in) { transpose(in[0], {0, 0}); }});
  list.push_back({"transpose", {{{2, 3}}}, [](const Given& in) { transpose(in[0], {0}); }});
  list.push_back({"transpose", {{{2, 3}}}, [](const Given& in) { transpose(in[0], {0, 2}); }});
  list.push_back({"slice", {{{2, 3}}}, [](const Given& in) { slice(in[0], 1, 2, 2); }});
  list.push_back({"slice", {{{2, 3}}}, [](const Given& in) { slice(in[0], 1, -1, 2); }});
  list.push_back({"slice", {{{2, 3}}}, [](const Given& in) { slice(in[0], 1, -4, 1); }});
  list.push_back({"slice", {{{T, 3}}}, [](const Given& in) { slice(in[0], 0, -1, 2); }});
  list.push_back({"slice", {{{T, 3}}}, [](const Given& in) { slice(in[0], 0, -1, T); }});
  list.push_back({"slice", {{{2, 3}}}, [](const Given& in) { slice(in[0], 2, 0, 1); }});
  list.push_back({"slice", {{{2, 3}}}, [](const Given& in) { slice(in[0], 1, 2, -1); }});
  list.push_back({"slice", {{{T, 3}}}, [](const Given& in) { slice(in[0], 0, T, T); }});
  list.push_back({"pad", {{{2, 3}}}, [](const Given& in) { pad(in[0], 1, 2, 4); }});
  list.push_back({"pad", {{{2, 3}}}, [](const Given& in) { pad(in[0], 1, -2, 4); }});
  list.push_back({"pad", {{{2, 3}}}, [](const Given& in) { pad(in[0], -3, 0, 4); }});
  list.push_back({"pad", {{{T, 3}}}, [](const Given& in) { pad(in[0], 0, T, T); }});
  const auto join = [](const Given& in) { concat(in, 0); };
  for (const auto& [a, b] :
       std::vector<std::pair<Dims, Dims>>{{{2, 3}, {2, 4}}, {{2, 3}, {3}}, {{T, 3}, {B, 3}}, {{T}, {1}}})
    list.push_back({"concat", plain(a, b), join});
  list.push_back({"concat", {{{2, 3}}}, [](const Given& in) { concat(in, 2); }});
  list.push_back({"broadcast_to",
                  {{{2, 3}}},
                  [](const Given& in) {
                    broadcast_to(in[0], {3, 3});
                  },
                  {"(3, 3)"}});
  list.push_back({"broadcast_to", {{{2, 3}}}, [](const Given& in) { broadcast_to(in[0], {3}); }, {"(3)"}});
  list.push_back({"sum_to", {{{2, 3}}}, [](const Given& in) { sum_to(in[0], {2}); }, {"(2)"}});
  list.push_back({"sum_to", {{{3}}}, [](const Given& in) { sum_to(in[0], {1, 3}); }, {"(1, 3)"}});
  list.push_back({"sum", {{{2, 3}}}, [](const Given& in) { sum(in[0], 2); }});
  list.push_back({"mean", {{{2, 3}}}, [](const Given& in) { mean(in[0], -3); }});
  for (const Dims& dims : {Dims{}, Dims{2, 3}}) {
    list.push_back({"max", {{dims}}, [](const Given& in) { max(in[0], 2); }});
    list.push_back({"logsumexp", {{dims}}, [](const Given& in) { logsumexp(in[0], 2); }});
    list.push_back(
        {"from_max", plain(dims, {2, 2}), [](const Given& in) { record(*find_row("from_max"), in); }});
    list.push_back({"softmax", {{dims}}, [](const Given& in) { softmax(in[0], 2); }});
    list.push_back({"log_softmax", {{dims}}, [](const Given& in) { log_softmax(in[0], 2); }});
  }
  for (const Dims& dims : {Dims{}, Dims{3}, Dims{2, 3}, Dims{2, 2, 3}})  // fewer rows than columns
    list.push_back({"orthonormalise", {{dims}}, [](const Given& in) { orthonormalise(in[0]); }});
  list.push_back({"gather", indexed({}, {3}), [](const Given& in) { gather(in[0], in[1]); }});
  list.push_back({"pick", indexed({2, 3}, {3}), [](const Given& in) { pick(in[0], in[1]); }});
  list.push_back({"pick", indexed({}, {}), [](const Given& in) { pick(in[0], in[1]); }});
  list.push_back({"argmax", {{{}}}, [](const Given& in) { argmax(in[0]); }});
  list.push_back({"argmax", {{{2, 0}}}, [](const Given& in) { argmax(in[0]); }});
  list.push_back({"place", indexed({2, 3}, {2}), [](const Given& in) { place(in[0], in[1], 3); }});
  list.push_back(
      {"scatter_add", indexed({2, 3}, {3}), [](const Given& in) { scatter_add(in[1], in[0], 3); }});
  list.push_back({"scatter_add", indexed({}, {3}), [](const Given& in) { scatter_add(in[1], in[0], 3); }});
  const std::vector<Operand> counters = {index_operand({}, 1), index_operand({2}, 1), index_operand({}, 1)};
  list.push_back({"random_mask", counters, [](const Given& in) {
                    random_mask(in[0], in[1], in[2], {2, 2}, 0.5, 1, 1);
                  }});
  list.push_back({"random_normal", counters, [](const Given& in) {
                    random_normal(in[0], in[1], in[2], {2, 2}, 1, 1);
                  }});
  return list;
}

}  // namespace

TEST_CASE("[conformance] shapes that do not fit are refused at recording, naming the op and all the shapes") {
  std::map<std::string, int> seen;
  for (const Misfit& misfit : misfits()) {
    Tape tape;
    std::vector<Var> in;
    for (const Operand& operand : misfit.operands)
      in.push_back(operand.draw == Draw::index ? tape.index_input("i", operand.dims)
                                               : tape.input("x", operand.dims));
    const std::string message = shape_message([&] { misfit.record(in); });
    CAPTURE(misfit.op);
    CAPTURE(shapes_text(misfit.operands));
    CAPTURE(message);
    CHECK(message.find("[" + misfit.op + "]") == 0);
    for (const Operand& operand : misfit.operands)
      CHECK(message.find(to_string(operand.dims)) != std::string::npos);
    for (const std::string& text : misfit.also) CHECK(message.find(text) != std::string::npos);
    ++seen[misfit.op];
  }
  for (const Op* row : op_table()) {
    const bool takes_any_shape =
        row->source() || (row->operands.size() == 1 && row->shape == same_shape) || row->name == "scan";
    if (!takes_any_shape) CHECK_MESSAGE(seen[std::string(row->name)] > 0, row->name);
  }
}

TEST_CASE("[conformance] a wrong number or kind of operands is refused, naming the op") {
  Tape tape;
  const Var x = tape.input("x", {2}), i = tape.index_input("i", {2});
  for (const Op* row : op_table()) {
    if (row->source() || row->operands.any_number()) continue;
    const std::size_t arity = row->operands.size();
    std::vector<Var> swapped_kinds;
    for (std::size_t k = 0; k < arity; ++k)
      swapped_kinds.push_back(row->operands[k].kind == Kind::real ? i : x);
    const auto message = [&](const std::vector<Var>& in) -> std::string {
      try {
        tape.record(*row, in);
      } catch (const std::invalid_argument& e) {
        return e.what();
      }
      return "";
    };
    CHECK(message(std::vector<Var>(arity + 1, x)).find("[" + std::string(row->name) + "] takes") == 0);
    CHECK(message({}).find("[" + std::string(row->name) + "] takes") == 0);
    CHECK(message(swapped_kinds).find("[" + std::string(row->name) + "] operand 0 must be") == 0);
  }
}

}  // namespace unroll::conformance
