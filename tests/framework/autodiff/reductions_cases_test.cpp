#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

using sizes::B;
using sizes::T;

/// The case of a row with the result's shape as its attribute. `shape_at` of the reference is taken at the
/// sizes that the operand shows.
struct Target {
  Dims from, to;
};

/// The shape `dims` where T and B are read off `array`, recorded as `recorded`.
Shape resolve_like(const Dims& dims, const Dims& recorded, const Array& array) {
  Sizes sizes;
  for (std::size_t axis = 0; axis < recorded.size(); ++axis) {
    if (recorded[axis] == T) sizes.time = array.shape[axis];
    if (recorded[axis] == B) sizes.batch = array.shape[axis];
  }
  return resolve(dims, sizes);
}

OpCase sum_to_case(Target target) {
  return {.op = "sum_to",
          .label = "to " + to_string(target.to),
          .operands = {{target.from}},
          .record = [target](const std::vector<Var>& in) { return sum_to(in[0], target.to); },
          .reference =
              [target](const std::vector<Array>& in) {
                return summed_to(in[0], resolve_like(target.to, target.from, in[0]));
              }};
}

OpCase broadcast_to_case(Target target) {
  return {.op = "broadcast_to",
          .label = "to " + to_string(target.to),
          .operands = {{target.from}},
          .record = [target](const std::vector<Var>& in) { return broadcast_to(in[0], target.to); },
          .reference =
              [target](const std::vector<Array>& in) {
                return generate(resolve_like(target.to, target.from, in[0]),
                                [&](const Index& i) { return in[0].stretched(i); });
              }};
}

std::vector<Real> top_line(const std::vector<Real>& line) { return {top_of(line)}; }
std::vector<Real> log_sum_line(const std::vector<Real>& line) { return {log_sum_exp(line)}; }

std::vector<Real> softmax_line(const std::vector<Real>& line) {
  std::vector<Real> image = log_probabilities(line);
  for (Real& y : image) y = std::exp(y);
  return image;
}

using KeepingReduction = Var (*)(Var, std::int64_t, bool);

OpCase reduction_case(const std::string& op, KeepingReduction f, LineFunction line, Dims dims,
                      std::int64_t axis, bool keep) {
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(dims.size()) : axis);
  return {.op = op,
          .label = "along axis " + std::to_string(axis),
          .operands = {{std::move(dims)}},
          .record = [=](const std::vector<Var>& in) { return f(in[0], axis, keep); },
          .reference = [=](const std::vector<Array>& in) { return along_axis(in[0], at, 1, !keep, line); },
          .shift = Shift::follows};
}

OpCase softmax_case(Dims dims, std::int64_t axis) {
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(dims.size()) : axis);
  return {.op = "softmax",
          .label = "along axis " + std::to_string(axis),
          .operands = {{std::move(dims)}},
          .record = [=](const std::vector<Var>& in) { return softmax(in[0], axis); },
          .reference =
              [=](const std::vector<Array>& in) {
                return along_axis(in[0], at, in[0].shape[at], false, softmax_line);
              },
          .shift = Shift::ignores};
}

/// The row itself, with any number in the place of the maximum.
OpCase from_max_case(Dims dims) {
  Dims largest = dims;
  largest.back() = 1;
  return {.op = "from_max",
          .label = "",
          .operands = {{std::move(dims)}, {std::move(largest)}},
          .record = [](const std::vector<Var>& in) { return record(*find_row("from_max"), in); },
          .reference =
              [](const std::vector<Array>& in) {
                return generate(in[0].shape,
                                [&](const Index& i) { return in[0].at(i) - in[1].stretched(i); });
              }};
}

struct AxisShape {
  Dims dims;
  std::int64_t axis;
};

}  // namespace

std::vector<OpCase> reduction_cases() {
  std::vector<OpCase> cases;
  const std::vector<Target> targets = {{{2, 3}, {}},
                                       {{2, 3}, {3}},
                                       {{2, 3}, {2, 1}},
                                       {{2, 3}, {1, 1}},
                                       {{2, 3, 2, 2}, {3, 1, 2}},
                                       {{T, B, 4}, {B, 4}},
                                       {{T, B, 4}, {T, 1, 4}},
                                       {{T, B, 4}, {T, B, 1}},
                                       {{T, B}, {}},
                                       {{5, 17}, {5, 1}},
                                       {{1, 1}, {}},
                                       {{0, 3}, {3}},
                                       {{3, 0}, {3, 1}}};
  for (const Target& target : targets) cases.push_back(sum_to_case(target));
  const std::vector<Target> wider = {
      {{}, {2, 3}},        {{3}, {2, 3}},       {{2, 1}, {2, 3}},   {{1}, {0, 1}}, {{3, 1, 2}, {2, 3, 2, 2}},
      {{T, 1}, {2, T, 3}}, {{T, B}, {T, T, B}}, {{1, 1}, {1, 1, 1}}};
  for (const Target& target : wider) cases.push_back(broadcast_to_case(target));
  const std::vector<AxisShape> lines = {{{5}, 0},        {{1}, 0},       {{2, 4}, -1},   {{2, 4}, 0},
                                        {{T, B, 3}, -1}, {{T, B, 3}, 0}, {{3, B, 2}, 1}, {{2, 19}, 1}};
  for (const auto& [dims, axis] : lines) {
    for (const bool keep : {false, true}) {
      OpCase largest = reduction_case("max", max, top_line, dims, axis, keep);
      largest.zero_sign = false;
      cases.push_back(largest);
      cases.push_back(reduction_case("logsumexp", logsumexp, log_sum_line, dims, axis, keep));
    }
    cases.push_back(softmax_case(dims, axis));
  }
  for (const Dims& dims : {Dims{5}, Dims{2, 4}, Dims{T, B, 3}, Dims{3, 0}, Dims{2, 19}})
    cases.push_back(from_max_case(dims));
  return cases;
}

namespace {

template <class P>
Tensor<P> apply(const RecordFunction& f, const Tensor<double>& x) {
  const OpCase c{.op = "",
                 .label = "",
                 .operands = {{Dims(x.shape().begin(), x.shape().end())}},
                 .record = f,
                 .reference = {}};
  const Recorded recorded(c);
  Point point;
  point.real = {x};
  point.index.resize(1);
  return evaluate<P>(recorded, point, {recorded.result})[0];
}

template <class P>
void check_rows_are_independent(const RecordFunction& f) {
  const OpCase c{.op = "", .label = "", .operands = {{Dims{5, 23}}}, .record = f, .reference = {}};
  const Tensor<double> x = sample(c, ordinary).real[0];
  const Tensor<P> together = apply<P>(f, x);
  const std::int64_t n = together.numel() / 5;
  for (std::int64_t row = 0; row < 5; ++row) {
    const Tensor<P> alone = apply<P>(f, Tensor<double>(Shape{1, 23}, x.span().subspan(row * 23, 23)));
    CHECK(Tensor<P>(Shape{n}, together.span().subspan(row * n, n))
              .same_bits(Tensor<P>(Shape{n}, alone.span())));
  }
}

}  // namespace

TEST_CASE("[conformance] a row's reduction has the same bits alone and among other rows") {
  const std::vector<RecordFunction> functions = {
      [](const std::vector<Var>& in) { return sum(in[0], -1, true); },
      [](const std::vector<Var>& in) { return max(in[0], -1, true); },
      [](const std::vector<Var>& in) { return logsumexp(in[0], -1, true); },
      [](const std::vector<Var>& in) { return softmax(in[0], -1); },
      [](const std::vector<Var>& in) { return log_softmax(in[0], -1); }};
  for (const RecordFunction& f : functions) {
    check_rows_are_independent<float>(f);
    check_rows_are_independent<double>(f);
  }
}

TEST_CASE("[conformance] softmax, log_softmax and logsumexp stay finite where exp alone overflows") {
  const Tensor<double> x(Shape{3}, {1000, 999, -1000});
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-6 * (1 + std::abs(b)); };
  const double shift = std::log1p(std::exp(-1.0));
  CHECK(near(apply<float>([](const auto& in) { return logsumexp(in[0], -1, false); }, x)[0], 1000 + shift));
  const Tensor<float> soft = apply<float>([](const auto& in) { return softmax(in[0], -1); }, x);
  CHECK(near(soft[0], std::exp(-shift)));
  CHECK(soft[2] == 0);
  CHECK(near(apply<float>([](const auto& in) { return log_softmax(in[0], -1); }, x)[2], -2000 - shift));
}

TEST_CASE("[conformance] elements that tie for the maximum share its gradient") {
  const auto f = [](const std::vector<Var>& in) { return gradients(sum(max(in[0], -1)), {in[0]})[0]; };
  const Tensor<double> g = apply<double>(f, Tensor<double>(Shape{2, 3}, {1, 4, 4, 7, 7, 7}));
  CHECK(g[0] == 0);
  CHECK(g[1] == 0.5);
  CHECK(g[2] == 0.5);
  CHECK(g[3] == doctest::Approx(1.0 / 3));
}

}  // namespace unroll::conformance
