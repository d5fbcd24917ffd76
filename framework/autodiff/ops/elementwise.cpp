#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "framework/autodiff/directions.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/broadcast.hpp"
#include "framework/autodiff/ops/copy.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/tensor/kernels/binary.hpp"
#include "framework/tensor/kernels/unary.hpp"

namespace unroll {
namespace {

using P = const Pullback&;
using Form = ElementKernel::Form;

/// What all elementwise rows of a function have from it.
template <auto f>
constexpr Op row_of(OperandSpecs operands, ShapeRule shape, Forward kernel, Form form) {
  using F = Function<f>;
  return {.name = F::name,
          .operands = operands,
          .shape = shape,
          .forward = kernel,
          .keep = F::keep,
          .domain = F::domain,
          .element = {form, static_cast<std::uint8_t>(f)},
          .cheap = F::cheap,
          .rows = Rows::elementwise};
}

template <Unary f>
constexpr Op row() {
  constexpr Forward kernel = forward([](const auto& c) {
    using T = std::decay_t<decltype(*c.out)>;
    kernels<T>()[f](c.real(0), c.out, c.out_shape->numel());
  });
  OperandSpec operand;
  if constexpr (requires { Function<f>::vjp; })
    operand.vjp = Function<f>::vjp;
  else
    operand.constant_because = Function<f>::constant_because;
  return row_of<f>({operand}, same_shape, kernel, Form::unary);
}

template <Binary f>
constexpr Op row() {
  constexpr Forward kernel = forward([](const auto& c) {
    using T = std::decay_t<decltype(*c.out)>;
    const BinaryKernel<T> binary = kernels<T>()[f];
    const T *a = c.real(0), *b = c.real(1);
    BroadcastWalk<2>(*c.out_shape, {c.in_shape[0], c.in_shape[1]})
        .run([&](auto& at, auto& step, auto n, auto out) {
          binary(a + at[0], step[0], b + at[1], step[1], c.out + out, n);
        });
  });
  OperandSpec a, b;
  if constexpr (requires { Function<f>::vjp_a; }) {
    a.vjp = Function<f>::vjp_a;
    b.vjp = Function<f>::vjp_b;
  } else {
    a.constant_because = b.constant_because = Function<f>::constant_because;
  }
  return row_of<f>({a, b}, broadcast_shape, kernel, Form::binary);
}

template <class List, int... i>
constexpr std::array<Op, sizeof...(i)> rows(std::integer_sequence<int, i...>) {
  return {row<static_cast<List>(i)>()...};
}
constexpr auto unary_table = rows<Unary>(std::make_integer_sequence<int, unary_count>());
constexpr auto binary_table = rows<Binary>(std::make_integer_sequence<int, binary_count>());

constexpr Forward where_forward = forward([](const auto& c) {
  const auto *condition = c.real(0), *a = c.real(1), *b = c.real(2);
  BroadcastWalk<3>(*c.out_shape, {c.in_shape[0], c.in_shape[1], c.in_shape[2]})
      .run([&](auto& at, auto& step, auto n, auto out) {
        for (std::int64_t i = 0; i < n; ++i)
          c.out[out + i] =
              condition[at[0] + i * step[0]] != 0 ? a[at[1] + i * step[1]] : b[at[2] + i * step[2]];
      });
});

struct ClipGradientAttrs {
  double limit = 0;
  Dim of = 1;
  bool norm = false;  ///< of rows, not of elements
  static constexpr auto fields =
      std::tuple(field("limit", &ClipGradientAttrs::limit), field("of", &ClipGradientAttrs::of),
                 field("norm", &ClipGradientAttrs::norm));
};

/// (rows, 1, ...), to stand beside x; a scalar is a row.
Var square_norms_of_rows(Var x) {
  Dims beside(x.rank(), 1);
  if (x.rank() > 0) beside[0] = x.dims()[0];
  Var squares = square(x);
  while (squares.rank() > 1) squares = sum(squares, -1);
  return reshape(squares, beside);
}

Var clipped_cotangent(P p) {
  const auto& attrs = p.attrs().as<ClipGradientAttrs>();
  const Var limit = p.tape().fill(attrs.limit, {}) / count(p.g(), {attrs.of});
  if (!attrs.norm) return -maximum(-maximum(p.g(), -limit), -limit);
  // The root of the maximum, so that nothing is divided by a norm of 0, in derivatives of this neither.
  return p.g() * (limit / sqrt(maximum(square_norms_of_rows(p.g()), square(limit))));
}

enum ElementwiseRow { identity_row, stop_gradient_row, clip_gradient_row, index_identity_row, where_row };

constexpr Op choice_table[] = {
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
    Op{.name = "clip_gradient",
       .operands = {{.vjp = clipped_cotangent}},
       .shape = same_shape,
       .forward = copy_forward,
       .attrs = &attrs_type<ClipGradientAttrs>,
       .element = {Form::copy},
       .rows = Rows::elementwise},
    Op{.name = "index_identity",
       .operands = {{.kind = Kind::integer}},
       .result = Kind::integer,
       .shape = same_shape,
       .forward = copy_indices_forward},
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

Var scalar(Var like, double value) { return like.tape().fill(value, {}); }

}  // namespace

std::span<const Op> unary_rows() { return unary_table; }
std::span<const Op> binary_rows() { return binary_table; }
std::span<const Op> choice_rows() { return choice_table; }
const Op& identity_op(Kind kind) {
  return choice_table[kind == Kind::real ? identity_row : index_identity_row];
}
const Op& add_op() { return binary_table[static_cast<int>(Binary::add)]; }
const Op& mul_op() { return binary_table[static_cast<int>(Binary::mul)]; }

Var record(Unary f, Var x) { return record(unary_table[static_cast<int>(f)], {x}); }
Var record(Binary f, Var a, Var b) { return record(binary_table[static_cast<int>(f)], {a, b}); }
Var identity(Var x) { return record(identity_op(x.tape().value(x.id()).kind), {x}); }
Var stop_gradient(Var x) { return record(choice_table[stop_gradient_row], {x}); }
namespace {

Var clip_cotangents(Var x, const ClipGradientAttrs& attrs) {
  if (!(attrs.limit > 0))
    throw std::invalid_argument(
        fmt::format("[clip_gradient] the limit is {}, expected above 0", attrs.limit));
  return record(choice_table[clip_gradient_row], {x}, attrs);
}

}  // namespace

Var clip_gradient(Var x, double limit, Dim of) { return clip_cotangents(x, {limit, of}); }
Var clip_gradient_norm(Var x, double limit, Dim of) { return clip_cotangents(x, {limit, of, true}); }
Var where(Var condition, Var a, Var b) { return record(choice_table[where_row], {condition, a, b}); }

Var operator+(Var a, double b) { return add(a, scalar(a, b)); }
Var operator+(double a, Var b) { return add(scalar(b, a), b); }
Var operator-(Var a, double b) { return sub(a, scalar(a, b)); }
Var operator-(double a, Var b) { return sub(scalar(b, a), b); }
Var operator*(Var a, double b) { return mul(a, scalar(a, b)); }
Var operator*(double a, Var b) { return mul(scalar(b, a), b); }
Var operator/(Var a, double b) { return div(a, scalar(a, b)); }
Var operator/(double a, Var b) { return div(scalar(b, a), b); }

}  // namespace unroll
