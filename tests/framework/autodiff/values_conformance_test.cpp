#include <doctest/doctest.h>
#include <fmt/format.h>

#include <numeric>

#include "framework/random/stream.hpp"
#include "tests/framework/autodiff/case_runner.hpp"

namespace unroll::conformance {
namespace {

double draw(Domain domain, Stream& stream) {
  switch (domain) {
    case Domain::positive:
      return stream.uniform(0.5, 2);
    case Domain::nonzero:
      return (stream.below(2) ? 1 : -1) * stream.uniform(0.5, 2);
    default:
      return stream.normal();
  }
}

/// n values of which no two are closer than 0.06, in random order.
std::vector<double> separated_values(std::int64_t n, Stream& stream) {
  std::vector<double> values(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i)
    values[static_cast<std::size_t>(i)] = 0.1 * static_cast<double>(i - n / 2) + stream.uniform(0, 0.04);
  for (std::int64_t i = n - 1; i > 0; --i)
    std::swap(values[static_cast<std::size_t>(i)], values[static_cast<std::size_t>(stream.below(i + 1))]);
  return values;
}

Domain domain_of(const OpCase& c) {
  if (c.domain) return *c.domain;
  const Op* row = find_row(c.op);
  return row ? row->domain : Domain::real;
}

void fill(Tensor<double>& x, Draw how, Domain domain, const std::vector<double>& separated, std::size_t& used,
          Stream& stream) {
  for (double& value : x.span()) {
    if (how == Draw::bit)
      value = static_cast<double>(stream.below(2));
    else
      value = domain == Domain::separated ? separated[used++] : draw(domain, stream);
    value = static_cast<float>(value);
  }
  if (how != Draw::dominant) return;
  const std::int64_t n = x.shape().back();
  for (std::int64_t i = 0; i < x.numel(); i += n) x[i + i / n % n] += 4;
}

}  // namespace

Point sample(const OpCase& c, Sizes sizes, std::uint64_t seed) {
  Stream stream(seed, Purpose::check);
  const Domain domain = domain_of(c);
  std::int64_t total = 0;
  for (const Operand& operand : c.operands) total += resolve(operand.dims, sizes).numel();
  const std::vector<double> separated = separated_values(total, stream);
  std::size_t used = 0;
  Point point;
  for (const Operand& operand : c.operands) {
    const Shape shape = resolve(operand.dims, sizes);
    const bool is_index = operand.draw == Draw::index;
    point.real.emplace_back(is_index ? Shape{} : shape);
    point.index.emplace_back(is_index ? shape : Shape{});
    if (is_index)
      for (std::int64_t& i : point.index.back().span()) i = stream.below(operand.limit);
    else
      fill(point.real.back(), operand.draw, domain, separated, used, stream);
  }
  return point;
}

Recorded::Recorded(const OpCase& c) : operands(c.operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    inputs.push_back(operands[i].draw == Draw::index ? tape->index_input(name, operands[i].dims)
                                                     : tape->input(name, operands[i].dims));
  }
  result = c.record(inputs);
}

std::vector<Var> Recorded::differentiable() const {
  std::vector<Var> wanted;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (operands[i].differentiable()) wanted.push_back(inputs[i]);
  return wanted;
}

GradcheckPoint Recorded::at(const Point& point) const {
  GradcheckPoint given;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (operands[i].draw == Draw::index)
      given.index[inputs[i]] = point.index[i];
    else
      given.real[inputs[i]] = point.real[i];
  }
  return given;
}

std::vector<Array> as_arrays(const OpCase& c, const Point& point) {
  std::vector<Array> arrays;
  for (std::size_t i = 0; i < c.operands.size(); ++i) {
    const bool is_index = c.operands[i].draw == Draw::index;
    Array array(is_index ? point.index[i].shape() : point.real[i].shape());
    for (std::size_t j = 0; j < array.values.size(); ++j) {
      const auto at = static_cast<std::int64_t>(j);
      array.values[j] =
          is_index ? static_cast<Real>(point.index[i][at]) : static_cast<Real>(point.real[i][at]);
    }
    arrays.push_back(std::move(array));
  }
  return arrays;
}

template <class T>
std::vector<Tensor<T>> evaluate(const Recorded& recorded, const Point& point,
                                const std::vector<Var>& outputs) {
  Plan<T> plan(*recorded.tape, outputs);
  std::vector<Tensor<T>> converted;
  for (const Tensor<double>& x : point.real) converted.push_back(convert<T>(x));
  for (std::size_t i = 0; i < recorded.inputs.size(); ++i) {
    if (recorded.operands[i].draw == Draw::index)
      plan.bind(recorded.inputs[i], point.index[i]);
    else
      plan.bind(recorded.inputs[i], converted[i]);
  }
  plan.run();
  std::vector<Tensor<T>> values;
  for (const Var& v : outputs) {
    const bool real = recorded.tape->value(v.id()).kind == Kind::real;
    values.push_back(real ? plan.tensor(v) : convert<T>(plan.index_tensor(v)));
  }
  return values;
}

template std::vector<Tensor<float>> evaluate(const Recorded&, const Point&, const std::vector<Var>&);
template std::vector<Tensor<double>> evaluate(const Recorded&, const Point&, const std::vector<Var>&);

template <class T>
std::string difference(const OpCase& c, const Tensor<T>& got, const Array& want) {
  if (got.shape() != want.shape)
    return fmt::format("shape {} instead of {}\n", to_string(got.shape()), to_string(want.shape));
  const Op* row = find_row(c.op);
  const bool elementwise = row && row->elementwise();
  const Real tolerance = sizeof(T) == 4 ? 2e-6L : 1e-12L;
  Real largest = 0;
  for (const Real w : want.values)
    if (std::isfinite(w)) largest = std::max(largest, std::abs(w));
  std::string text;
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    const Real g = got[static_cast<std::int64_t>(i)], w = want.values[i];
    const Real scale = elementwise ? std::abs(w) : largest;
    bool same = std::isnan(w) ? std::isnan(g) : std::isinf(w) ? g == w : std::abs(g - w) <= tolerance * scale;
    if (elementwise && c.zero_sign && w == 0 && std::signbit(g) != std::signbit(w)) same = false;
    if (!same) text += fmt::format("element {}: {} instead of {}\n", i, double(g), double(w));
  }
  return text;
}

template std::string difference(const OpCase&, const Tensor<float>&, const Array&);
template std::string difference(const OpCase&, const Tensor<double>&, const Array&);

std::string name_of(const OpCase& c, Sizes sizes) {
  return fmt::format("{} {} of {}, T = {}, B = {}", c.op, c.label, shapes_text(c.operands), sizes.time,
                     sizes.batch);
}

namespace {

template <class T>
void check_values() {
  for (const OpCase& c : all_cases())
    for (const Sizes sizes : sizes_of(c)) {
      CAPTURE(name_of(c, sizes));
      const Recorded recorded(c);
      const Point point = sample(c, sizes);
      const Tensor<T> got = evaluate<T>(recorded, point, {recorded.result})[0];
      const std::string wrong = difference(c, got, c.reference(as_arrays(c, point)));
      CHECK_MESSAGE(wrong.empty(), wrong);
    }
}

/// Puts every special value in turn at a few places of every operand.
template <class T>
void check_special_values() {
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (const OpCase& c : all_cases()) {
    if (!c.passes_special_values) continue;
    const Recorded recorded(c);
    const Point ordinary_point = sample(c, ordinary);
    for (std::size_t operand = 0; operand < c.operands.size(); ++operand) {
      if (c.operands[operand].draw == Draw::index) continue;
      const std::int64_t n = ordinary_point.real[operand].numel();
      for (std::int64_t at = 0; at < n; at += std::max<std::int64_t>(1, n / 4))
        for (const double value : {std::nan(""), inf, -inf, 0.0, -0.0}) {
          Point point = ordinary_point;
          point.real[operand][at] = value;
          const Tensor<T> got = evaluate<T>(recorded, point, {recorded.result})[0];
          const std::string wrong = difference(c, got, c.reference(as_arrays(c, point)));
          CHECK_MESSAGE(wrong.empty(), name_of(c, ordinary), ", operand ", operand, "[", at, "] = ", value,
                        ":\n", wrong);
        }
    }
  }
}

}  // namespace

TEST_CASE(
    "[conformance] every row's values agree with plain arithmetic, in double, at ordinary, empty and single "
    "sizes") {
  check_values<double>();
}

TEST_CASE(
    "[conformance] every row's values agree with plain arithmetic, in float, at ordinary, empty and single "
    "sizes") {
  check_values<float>();
}

TEST_CASE("[conformance] NaN, infinities and signed zeros go through every row as through plain arithmetic") {
  check_special_values<double>();
  check_special_values<float>();
}

namespace {

/// The row's kernel called by hand, with its result in a tensor of its own and over the first operand.
template <class T>
void check_in_place(const OpCase& c, const Op& row) {
  const Point point = sample(c, ordinary);
  std::vector<Tensor<T>> operands;
  for (const Tensor<double>& x : point.real) operands.push_back(convert<T>(x));
  for (const double first : {point.real[0][0], std::numeric_limits<double>::infinity()}) {
    operands[0][0] = static_cast<T>(first);
    Tensor<T> result(operands[0].shape()), shared = operands[0];
    std::vector<const void*> apart, over;
    std::vector<const Shape*> shapes;
    for (const Tensor<T>& x : operands) {
      apart.push_back(x.data());
      over.push_back(over.empty() ? shared.data() : x.data());
      shapes.push_back(&x.shape());
    }
    row.forward(Call<T>{apart, shapes, result.data(), &result.shape(), {}, ordinary, {}});
    row.forward(Call<T>{over, shapes, shared.data(), &shared.shape(), {}, ordinary, {}});
    CHECK(shared.same_bits(result));
  }
}

}  // namespace

TEST_CASE("[conformance] rows that may write over their first operand give the same bits there") {
  for (const OpCase& c : op_cases()) {
    const Op& row = *find_row(c.op);
    if (!row.in_place || sample(c, ordinary).real[0].numel() == 0) continue;
    CAPTURE(name_of(c, ordinary));
    check_in_place<float>(c, row);
    check_in_place<double>(c, row);
  }
}

}  // namespace unroll::conformance
