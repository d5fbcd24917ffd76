#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "framework/autodiff/gradients.hpp"
#include "framework/random/stream.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

bool constant(const OpCase& c) {
  const Op* row = find_row(c.op);
  return row && always_constant(*row);
}

bool has_gradient(const OpCase& c) { return !constant(c) && !Recorded(c).differentiable().empty(); }

/// The result, or what it takes from a table where it is an index.
Var real_result(const Recorded& r) {
  if (r.tape->value(r.result.id()).kind == Kind::real) return r.result;
  return gather(r.tape->constant(Tensor<double>(Shape{4}, {1, 2, 4, 8})), r.result);
}

bool has_something_empty(const OpCase& c, Sizes sizes) {
  return resolve(Recorded(c).result.dims(), sizes).numel() == 0 ||
         std::any_of(c.operands.begin(), c.operands.end(),
                     [&](const Operand& operand) { return resolve(operand.dims, sizes).numel() == 0; });
}

std::vector<Sizes> sizes_with_elements(const OpCase& c) {
  if (!is_symbolic(c)) return {ordinary};
  return {ordinary, {1, 1}};
}

Tensor<double> normal(const Shape& shape) {
  Stream stream(2, Purpose::check);
  Tensor<double> x(shape);
  for (double& value : x.span()) value = stream.normal();
  return x;
}

/// The gradients of Σ c y, with c an input: the rows' rules as functions of operands and cotangent.
struct WithGradients : Recorded {
  explicit WithGradients(const OpCase& op_case) : Recorded(op_case) {
    cotangent = tape->input("g", result.dims());
    gradient = gradients(sum(result * cotangent), differentiable());
  }

  Var cotangent;
  std::vector<Var> gradient;
};

void check_second(const OpCase& c, Sizes sizes) {
  WithGradients r(c);
  const Point point = sample(c, sizes);
  GradcheckPoint at = r.at(point);
  at.real[r.cotangent] = normal(resolve(r.result.dims(), sizes));
  for (const Var& g : r.gradient) {
    const GradcheckReport report = gradcheck(g, r.differentiable(), at, {.sizes = sizes});
    CHECK_MESSAGE(report.ok(), name_of(c, sizes), "\n", report.to_text());
  }
}

/// Values of the gradients in precision T, with all ones as the cotangent.
template <class T>
void check_gradient_shapes(const OpCase& c, Sizes sizes) {
  CAPTURE(name_of(c, sizes));
  WithGradients r(c);
  const Point point = sample(c, sizes);
  r.operands.push_back({r.result.dims()});
  r.inputs.push_back(r.cotangent);
  Point with_cotangent = point;
  with_cotangent.real.emplace_back(resolve(r.result.dims(), sizes), 1.0);
  with_cotangent.index.emplace_back();
  const std::vector<Tensor<T>> g = evaluate<T>(r, with_cotangent, r.gradient);
  std::size_t next = 0;
  for (std::size_t i = 0; i < c.operands.size(); ++i) {
    if (!c.operands[i].differentiable()) continue;
    const Tensor<T>& gradient = g[next++];
    CHECK(gradient.shape() == point.real[i].shape());
    if (with_cotangent.real.back().numel() != 0) continue;
    for (const T value : gradient.span()) CHECK(value == 0);
  }
}

}  // namespace

TEST_CASE("[conformance] every row's first derivatives agree with central differences") {
  for (const OpCase& c : all_cases()) {
    if (!has_gradient(c)) continue;
    for (const Sizes sizes : sizes_with_elements(c)) {
      const Recorded r(c);
      const GradcheckReport report =
          gradcheck(r.result, r.differentiable(), r.at(sample(c, sizes)), {.sizes = sizes});
      if (!has_something_empty(c, sizes)) CHECK(report.entries.size() >= 3);
      CHECK_MESSAGE(report.ok(), name_of(c, sizes), "\n", report.to_text());
    }
  }
}

TEST_CASE("[conformance] every row's second derivatives agree with central differences of the first") {
  for (const OpCase& c : all_cases()) {
    if (!has_gradient(c)) continue;
    for (const Sizes sizes : sizes_with_elements(c)) check_second(c, sizes);
  }
}

TEST_CASE(
    "[conformance] gradients have the operand's shape at every size, and are 0 where the result is empty") {
  for (const OpCase& c : all_cases()) {
    if (!has_gradient(c)) continue;
    for (const Sizes sizes : sizes_of(c)) {
      check_gradient_shapes<double>(c, sizes);
      check_gradient_shapes<float>(c, sizes);
    }
  }
}

TEST_CASE("[conformance] rows that are constant by decision give zeros of the operand's shape") {
  std::set<std::string> seen;
  for (const OpCase& c : op_cases()) {
    if (!constant(c)) continue;
    seen.insert(c.op);
    for (const Sizes sizes : sizes_of(c)) {
      const Recorded r(c);
      const Point point = sample(c, sizes);
      const std::vector<Var> wanted = r.differentiable();
      if (wanted.empty()) continue;
      const std::vector<Tensor<double>> g =
          evaluate<double>(r, point, gradients(sum(real_result(r)), wanted));
      for (std::size_t i = 0; i < g.size(); ++i)
        CHECK_MESSAGE(g[i].same_bits(Tensor<double>(point.real[i].shape())), name_of(c, sizes));
    }
  }
  std::set<std::string> expected;
  for (const Op* row : op_table())
    if (always_constant(*row)) expected.insert(std::string(row->name));
  CHECK(seen == expected);
}

TEST_CASE("[conformance] rows that are constant because they are flat are flat to central differences too") {
  for (const OpCase& c : op_cases()) {
    const Recorded r(c);
    if (!constant(c) || c.op == "stop_gradient" || r.differentiable().empty()) continue;
    const GradcheckReport report = gradcheck(real_result(r), r.differentiable(), r.at(sample(c, ordinary)));
    CHECK_MESSAGE(report.ok(), name_of(c, ordinary), "\n", report.to_text());
  }
}

}  // namespace unroll::conformance
