#include <algorithm>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/broadcast.hpp"
#include "framework/autodiff/ops/copy.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {
namespace {

using P = const Pullback&;
using Form = ElementKernel::Form;

template <Unary f>
constexpr Forward unary_forward = forward([](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  kernels<T>()[f](c.real(0), c.out, c.out_shape->numel());
});

template <Unary f>
constexpr Op unary(std::string_view name, Vjp vjp, Keep keep, Domain domain = Domain::real) {
  return {.name = name,
          .operands = {{.vjp = vjp}},
          .shape = same_shape,
          .forward = unary_forward<f>,
          .keep = keep,
          .domain = domain,
          .element = {Form::unary, static_cast<std::uint8_t>(f)},
          .cheap = f == Unary::neg || f == Unary::square || f == Unary::abs || f == Unary::relu,
          .rows = Rows::elementwise};
}

// In the order of enum Unary. tanh and sigmoid differentiate from their outputs: 1 - y² is exactly 0 from |x|
// = 9.1 in float (19.1 in double), which is the saturation that a study of vanishing gradients sees in any
// framework.
constexpr Op unary_table[] = {
    unary<Unary::neg>(
        "neg", [](P p) { return -p.g(); }, Keep::nothing),
    unary<Unary::exp>(
        "exp", [](P p) { return p.g() * p.out(); }, Keep::output),
    unary<Unary::log>(
        "log", [](P p) { return p.g() / p.in(0); }, Keep::inputs, Domain::positive),
    unary<Unary::sqrt>(
        "sqrt", [](P p) { return p.g() / (2.0 * p.out()); }, Keep::output, Domain::positive),
    unary<Unary::square>(
        "square", [](P p) { return p.g() * (2.0 * p.in(0)); }, Keep::inputs),
    unary<Unary::abs>(
        "abs", [](P p) { return p.g() * sign(p.in(0)); }, Keep::inputs, Domain::nonzero),
    Op{.name = "sign",
       .operands = {{.constant_because = "it is piecewise constant"}},
       .shape = same_shape,
       .forward = unary_forward<Unary::sign>,
       .domain = Domain::nonzero,
       .element = {Form::unary, static_cast<std::uint8_t>(Unary::sign)},
       .rows = Rows::elementwise},
    unary<Unary::sin>(
        "sin", [](P p) { return p.g() * cos(p.in(0)); }, Keep::inputs),
    unary<Unary::cos>(
        "cos", [](P p) { return -(p.g() * sin(p.in(0))); }, Keep::inputs),
    unary<Unary::tanh>(
        "tanh", [](P p) { return p.g() * (1.0 - square(p.out())); }, Keep::output),
    unary<Unary::sigmoid>(
        "sigmoid", [](P p) { return p.g() * (p.out() * (1.0 - p.out())); }, Keep::output),
    // From the output, which is positive exactly where the input is: one value less to keep.
    unary<Unary::relu>(
        "relu", [](P p) { return p.g() * greater(p.out(), p.tape().fill(0, {})); }, Keep::output,
        Domain::nonzero),
    unary<Unary::softplus>(
        "softplus", [](P p) { return p.g() * sigmoid(p.in(0)); }, Keep::inputs),
    Op{.name = "identity",
       .operands = {{.vjp = [](P p) { return p.g(); }}},
       .shape = same_shape,
       .forward = copy_forward,
       .element = {Form::copy},
       .rows = Rows::elementwise},
    Op{.name = "stop_gradient",
       .operands = {{.constant_because = "that is its purpose"}},
       .shape = same_shape,
       .forward = copy_forward,
       .element = {Form::copy},
       .rows = Rows::elementwise},
    Op{.name = "index_identity",
       .operands = {{.kind = Kind::integer}},
       .result = Kind::integer,
       .shape = same_shape,
       .forward =
           forward([](const auto& c) { std::copy_n(c.integer(0), c.out_shape->numel(), c.integer_out()); })},
};

// Behind those of enum Unary.
constexpr const Op& identity_row = unary_table[std::size(unary_table) - 3];
constexpr const Op& stop_gradient_row = unary_table[std::size(unary_table) - 2];
constexpr const Op& index_identity_row = unary_table[std::size(unary_table) - 1];

template <Binary f>
constexpr Forward binary_forward = forward([](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  const BinaryKernel<T> kernel = kernels<T>()[f];
  const T *a = c.real(0), *b = c.real(1);
  BroadcastWalk<2>(*c.out_shape, {c.in_shape[0], c.in_shape[1]})
      .run([&](auto& at, auto& step, auto n, auto out) {
        kernel(a + at[0], step[0], b + at[1], step[1], c.out + out, n);
      });
});

template <Binary f>
constexpr Op binary(std::string_view name, Vjp vjp_a, Vjp vjp_b, Keep keep, Domain domain = Domain::real) {
  return {.name = name,
          .operands = {{.vjp = vjp_a}, {.vjp = vjp_b}},
          .shape = broadcast_shape,
          .forward = binary_forward<f>,
          .keep = keep,
          .domain = domain,
          .element = {Form::binary, static_cast<std::uint8_t>(f)},
          .cheap = f != Binary::div && f != Binary::pow,
          .rows = Rows::elementwise};
}

template <Binary f>
constexpr Op comparison(std::string_view name) {
  constexpr OperandSpec flat{.constant_because = "it is piecewise constant"};
  return {.name = name,
          .operands = {flat, flat},
          .shape = broadcast_shape,
          .forward = binary_forward<f>,
          .domain = Domain::separated,
          .element = {Form::binary, static_cast<std::uint8_t>(f)},
          .cheap = f != Binary::div && f != Binary::pow,
          .rows = Rows::elementwise};
}

/// 1 where a wins the maximum, 1/2 at a tie, 0 where it loses.
Var share(Var a, Var b) { return 0.5 * (greater(a, b) + greater_equal(a, b)); }

constexpr Forward where_forward = forward([](const auto& c) {
  const auto *condition = c.real(0), *a = c.real(1), *b = c.real(2);
  BroadcastWalk<3>(*c.out_shape, {c.in_shape[0], c.in_shape[1], c.in_shape[2]})
      .run([&](auto& at, auto& step, auto n, auto out) {
        for (std::int64_t i = 0; i < n; ++i)
          c.out[out + i] =
              condition[at[0] + i * step[0]] != 0 ? a[at[1] + i * step[1]] : b[at[2] + i * step[2]];
      });
});

// In the order of enum Binary, then where.
constexpr Op binary_table[] = {
    binary<Binary::add>(
        "add", [](P p) { return p.g(); }, [](P p) { return p.g(); }, Keep::nothing),
    binary<Binary::sub>(
        "sub", [](P p) { return p.g(); }, [](P p) { return -p.g(); }, Keep::nothing),
    binary<Binary::mul>(
        "mul", [](P p) { return p.g() * p.in(1); }, [](P p) { return p.g() * p.in(0); }, Keep::inputs),
    binary<Binary::div>(
        "div", [](P p) { return p.g() / p.in(1); }, [](P p) { return -(p.g() * p.out() / p.in(1)); },
        Keep::both, Domain::nonzero),
    // At a = 0 the exponent's gradient is a limit, 0 for b > 0; log is kept away from 0 there. At b = 0 the
    // base's gradient is 0, also where a is 0 and a^(b-1) is not finite.
    binary<Binary::pow>(
        "pow",
        [](P p) {
          const Var b = p.in(1), zero = p.tape().fill(0, {});
          const Var safe = where(equal(b, zero), p.tape().fill(1, {}), p.in(0));
          return p.g() * (b * pow(safe, b - 1.0));
        },
        [](P p) {
          const Var zero = p.tape().fill(0, {});
          const Var safe = where(equal(p.in(0), zero), p.tape().fill(1, {}), p.in(0));
          return p.g() * (p.out() * log(safe));
        },
        Keep::both, Domain::positive),
    binary<Binary::maximum>(
        "maximum", [](P p) { return p.g() * share(p.in(0), p.in(1)); },
        [](P p) { return p.g() * share(p.in(1), p.in(0)); }, Keep::inputs, Domain::separated),
    comparison<Binary::less>("less"),
    comparison<Binary::less_equal>("less_equal"),
    comparison<Binary::greater>("greater"),
    comparison<Binary::greater_equal>("greater_equal"),
    comparison<Binary::equal>("equal"),
    comparison<Binary::not_equal>("not_equal"),
    Op{.name = "where",
       .operands = {{.constant_because = "the condition only chooses"},
                    {.vjp = [](P p) { return where(p.in(0), p.g(), p.tape().fill(0, {})); }},
                    {.vjp = [](P p) { return where(p.in(0), p.tape().fill(0, {}), p.g()); }}},
       .shape = broadcast_shape,
       .forward = where_forward,
       .keep = Keep::inputs,
       .domain = Domain::nonzero,
       .element = {Form::choice},
       .rows = Rows::elementwise},
};

Var unary_op(Unary f, Var x) { return record(unary_table[static_cast<int>(f)], {x}); }
Var binary_op(Binary f, Var a, Var b) { return record(binary_table[static_cast<int>(f)], {a, b}); }
Var scalar(Var like, double value) { return like.tape().fill(value, {}); }

}  // namespace

std::span<const Op> unary_rows() { return unary_table; }
const Op& identity_op(Kind kind) { return kind == Kind::real ? identity_row : index_identity_row; }
std::span<const Op> binary_rows() { return binary_table; }
const Op& add_op() { return binary_table[static_cast<int>(Binary::add)]; }

Var neg(Var x) { return unary_op(Unary::neg, x); }
Var exp(Var x) { return unary_op(Unary::exp, x); }
Var log(Var x) { return unary_op(Unary::log, x); }
Var sqrt(Var x) { return unary_op(Unary::sqrt, x); }
Var square(Var x) { return unary_op(Unary::square, x); }
Var abs(Var x) { return unary_op(Unary::abs, x); }
Var sign(Var x) { return unary_op(Unary::sign, x); }
Var sin(Var x) { return unary_op(Unary::sin, x); }
Var cos(Var x) { return unary_op(Unary::cos, x); }
Var tanh(Var x) { return unary_op(Unary::tanh, x); }
Var sigmoid(Var x) { return unary_op(Unary::sigmoid, x); }
Var relu(Var x) { return unary_op(Unary::relu, x); }
Var softplus(Var x) { return unary_op(Unary::softplus, x); }
Var identity(Var x) { return record(identity_op(x.tape().value(x.id()).kind), {x}); }
Var stop_gradient(Var x) { return record(stop_gradient_row, {x}); }

Var add(Var a, Var b) { return binary_op(Binary::add, a, b); }
Var sub(Var a, Var b) { return binary_op(Binary::sub, a, b); }
Var mul(Var a, Var b) { return binary_op(Binary::mul, a, b); }
Var div(Var a, Var b) { return binary_op(Binary::div, a, b); }
Var pow(Var a, Var b) { return binary_op(Binary::pow, a, b); }
Var maximum(Var a, Var b) { return binary_op(Binary::maximum, a, b); }
Var less(Var a, Var b) { return binary_op(Binary::less, a, b); }
Var less_equal(Var a, Var b) { return binary_op(Binary::less_equal, a, b); }
Var greater(Var a, Var b) { return binary_op(Binary::greater, a, b); }
Var greater_equal(Var a, Var b) { return binary_op(Binary::greater_equal, a, b); }
Var equal(Var a, Var b) { return binary_op(Binary::equal, a, b); }
Var not_equal(Var a, Var b) { return binary_op(Binary::not_equal, a, b); }
Var where(Var condition, Var a, Var b) {
  return record(binary_table[std::size(binary_table) - 1], {condition, a, b});
}

Var operator+(Var a, double b) { return add(a, scalar(a, b)); }
Var operator+(double a, Var b) { return add(scalar(b, a), b); }
Var operator-(Var a, double b) { return sub(a, scalar(a, b)); }
Var operator-(double a, Var b) { return sub(scalar(b, a), b); }
Var operator*(Var a, double b) { return mul(a, scalar(a, b)); }
Var operator*(double a, Var b) { return mul(scalar(b, a), b); }
Var operator/(Var a, double b) { return div(a, scalar(a, b)); }
Var operator/(double a, Var b) { return div(scalar(b, a), b); }

}  // namespace unroll
