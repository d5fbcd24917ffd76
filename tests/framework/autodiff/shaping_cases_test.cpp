#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

using sizes::B;
using sizes::T;

OpCase reshape_case(Dims from, Dims to, std::function<Shape(const Shape&)> shape) {
  return {.op = "reshape",
          .label = "to " + to_string(to),
          .operands = {{std::move(from)}},
          .record = [to](const std::vector<Var>& in) { return reshape(in[0], to); },
          .reference =
              [shape](const std::vector<Array>& in) {
                Array result(shape(in[0].shape));
                result.values = in[0].values;
                return result;
              }};
}

OpCase transpose_case(Dims dims, const std::vector<std::int64_t>& permutation) {
  return {.op = "transpose",
          .label = "to " + to_string(Shape(permutation)),
          .operands = {{std::move(dims)}},
          .record = [=](const std::vector<Var>& in) { return transpose(in[0], permutation); },
          .reference =
              [=](const std::vector<Array>& in) {
                Shape shape = in[0].shape;
                for (std::size_t axis = 0; axis < permutation.size(); ++axis)
                  shape[axis] = in[0].shape[static_cast<std::size_t>(permutation[axis])];
                return generate(shape, [&](const Index& out) {
                  Index own(out.size());
                  for (std::size_t axis = 0; axis < out.size(); ++axis)
                    own[static_cast<std::size_t>(permutation[axis])] = out[axis];
                  return in[0].at(own);
                });
              }};
}

struct Range {
  Dims dims;
  std::int64_t axis;
  Dim begin, extent;  ///< slice: extent is the length; pad: the total
  /// (extent of the operand) -> numbers of the same.
  std::function<std::int64_t(std::int64_t)> begin_at = {}, extent_at = {};

  std::size_t positive_axis() const {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(dims.size()) : axis);
  }
  std::int64_t first(std::int64_t own) const { return begin_at ? begin_at(own) : begin.number(); }
  std::int64_t size(std::int64_t own) const { return extent_at ? extent_at(own) : extent.number(); }
};

std::string label_of(const Range& r) {
  return "axis " + std::to_string(r.axis) + " from " + to_string(r.begin) + ", " + to_string(r.extent);
}

OpCase slice_case(Range r) {
  const std::size_t axis = r.positive_axis();
  return {.op = "slice",
          .label = label_of(r),
          .operands = {{r.dims}},
          .record = [=](const std::vector<Var>& in) { return slice(in[0], r.axis, r.begin, r.extent); },
          .reference =
              [=](const std::vector<Array>& in) {
                Shape shape = in[0].shape;
                const std::int64_t begin = r.first(shape[axis]);
                shape[axis] = r.size(shape[axis]);
                return generate(shape, [&](Index i) { return i[axis] += begin, in[0].at(i); });
              }};
}

OpCase pad_case(Range r) {
  const std::size_t axis = r.positive_axis();
  return {.op = "pad",
          .label = label_of(r),
          .operands = {{r.dims}},
          .record = [=](const std::vector<Var>& in) { return pad(in[0], r.axis, r.begin, r.extent); },
          .reference =
              [=](const std::vector<Array>& in) {
                Shape shape = in[0].shape;
                const std::int64_t own = shape[axis], begin = r.first(own);
                shape[axis] = r.size(own);
                return generate(shape, [&](Index i) {
                  i[axis] -= begin;
                  return i[axis] >= 0 && i[axis] < own ? in[0].at(i) : Real{0};
                });
              }};
}

Array joined(const std::vector<Array>& in, std::size_t axis) {
  Shape shape = in[0].shape;
  for (std::size_t k = 1; k < in.size(); ++k) shape[axis] += in[k].shape[axis];
  return generate(shape, [&](Index i) {
    std::size_t k = 0;
    while (i[axis] >= in[k].shape[axis]) i[axis] -= in[k++].shape[axis];
    return in[k].at(i);
  });
}

OpCase concat_case(const std::vector<Dims>& parts, std::int64_t axis) {
  OpCase c{.op = "concat",
           .label = "along axis " + std::to_string(axis),
           .operands = {},
           .record = [=](const std::vector<Var>& in) { return concat(in, axis); },
           .reference = {}};
  for (const Dims& dims : parts) c.operands.push_back({dims});
  const auto at =
      static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(parts[0].size()) : axis);
  c.reference = [at](const std::vector<Array>& in) { return joined(in, at); };
  return c;
}

std::vector<OpCase> range_cases() {
  const auto same = [](std::int64_t own) { return own; };
  const auto triple = [](std::int64_t own) { return 3 * own; };
  const auto before_last = [](std::int64_t own) { return own - 2; };
  return {
      slice_case({{5}, 0, 1, 3}),
      slice_case({{4, 3}, 0, 3, 1}),
      slice_case({{4, 3}, -1, 0, 2}),
      slice_case({{2, 4, 3}, 1, 1, 2}),
      slice_case({{2, 3}, 1, 3, 0}),
      slice_case({{4, 3}, 0, -2, 1, before_last}),
      slice_case({{B, 4, T}, 1, -2, 2, before_last}),
      slice_case({{T, B, 4}, 2, 1, 2}),
      slice_case({{T, 2}, 0, 0, T, {}, same}),
      pad_case({{3}, 0, 1, 6}),
      pad_case({{2, 3}, 0, 0, 2}),
      pad_case({{2, 3}, -1, 2, 5}),
      pad_case({{2, 0, 3}, 1, 1, 2}),
      pad_case({{2, 3}, 1, -5, 6, [](std::int64_t) { return 1; }}),
      pad_case({{T, B, 2}, 2, 1, 4}),
      pad_case({{T, 2}, 0, T, Dim(3) * T, same, triple}),
      pad_case({{T, 2}, 0, 0, T, {}, same}),
  };
}

}  // namespace

std::vector<OpCase> shaping_cases() {
  std::vector<OpCase> cases = range_cases();
  cases.push_back(reshape_case({2, 6}, {3, 4}, [](const Shape&) { return Shape{3, 4}; }));
  cases.push_back(reshape_case({1}, {}, [](const Shape&) { return Shape{}; }));
  cases.push_back(reshape_case({}, {1, 1}, [](const Shape&) { return Shape{1, 1}; }));
  cases.push_back(reshape_case({0, 3}, {7, 0}, [](const Shape&) { return Shape{7, 0}; }));
  cases.push_back(reshape_case({T, 6}, {T, 2, 3}, [](const Shape& s) { return Shape{s[0], 2, 3}; }));
  cases.push_back(reshape_case({T, B, 2}, {T * B, 2}, [](const Shape& s) { return Shape{s[0] * s[1], 2}; }));
  cases.push_back(transpose_case({3}, {0}));
  cases.push_back(transpose_case({2, 3}, {1, 0}));
  cases.push_back(transpose_case({2, 3, 4}, {2, 0, 1}));
  cases.push_back(transpose_case({2, 3, 4}, {0, 2, 1}));
  cases.push_back(transpose_case({T, B, 3}, {1, 0, 2}));
  cases.push_back(transpose_case({T, B, 3}, {1, 2, 0}));
  cases.push_back(transpose_case({2, 1, 3, 2, 2}, {4, 2, 0, 3, 1}));
  cases.push_back(concat_case({{3}}, 0));
  cases.push_back(concat_case({{2, 3}, {1, 3}}, 0));
  cases.push_back(concat_case({{2, 3}, {2, 1}, {2, 2}}, -1));
  cases.push_back(concat_case({{2, 1, 3}, {2, 0, 3}, {2, 2, 3}}, 1));
  cases.push_back(concat_case({{T, B, 1}, {T, B, 3}}, 2));
  cases.push_back(concat_case({{T, 2}, {T, 2}}, 0));
  cases.push_back(concat_case({{T, 2}, {T, 2}, {T, 2}}, 0));
  return cases;
}

TEST_CASE("[conformance] one value joined with itself gets the gradient of both places") {
  OpCase c = concat_case({{2, 3}}, 0);
  c.record = [](const std::vector<Var>& in) { return square(concat({in[0], in[0]}, 1)); };
  const Recorded recorded(c);
  const GradcheckReport report = gradcheck(recorded.result, recorded.differentiable());
  CHECK_MESSAGE(report.ok(), report.to_text());
}

TEST_CASE("[shaping] so many elements of T can be had from either end, and fewer than that are an error") {
  Tape tape;
  const Var x = tape.input("x", {T, 2});
  const Var first = slice(x, 0, 1, 2), last = slice(x, 0, -2, 1);
  const Var g = gradients(sum(square(first)) + sum(last), {x})[0];
  Plan<double> plan(tape, {first, last, g});
  const Tensor<double> three({3, 2}, {1, 2, 3, 4, 5, 6}), two({2, 2}, {1, 2, 3, 4}), none(Shape{0, 2});
  plan.bind(x, three);
  plan.run();
  CHECK(plan.tensor(first).same_bits(Tensor<double>({2, 2}, {3, 4, 5, 6})));
  CHECK(plan.tensor(last).same_bits(Tensor<double>({1, 2}, {3, 4})));
  CHECK(plan.tensor(g).same_bits(Tensor<double>({3, 2}, {0, 0, 7, 9, 10, 12})));
  for (const Tensor<double>* few : {&two, &none}) {
    plan.bind(x, *few);
    CHECK_THROWS_WITH_AS(plan.run(), doctest::Contains("that axis 0 has in this run, with T = "),
                         std::out_of_range);
  }
}

TEST_CASE("[shaping] pad adds to what is there, where that is all it is for") {
  Tape tape;
  const Var x = tape.input("x", {T, 2}), y = tape.input("y", {2, 2});
  const Var sum = square(x) + pad(y, 0, -2, T);
  Plan<double> plan(tape, {sum});
  CHECK(plan.to_text().find("+= pad") != std::string::npos);
  const Tensor<double> three({3, 2}, {1, 2, 3, 4, 5, 6}), two({2, 2}, {10, 20, 30, 40});
  plan.bind(x, three);
  plan.bind(y, two);
  plan.run();
  CHECK(plan.tensor(sum).same_bits(Tensor<double>({3, 2}, {1, 4, 19, 36, 55, 76})));
}

}  // namespace unroll::conformance
