#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/broadcast.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {
namespace {

using P = const Pullback&;

Dims broadcast_target(const ShapeArgs& args) {
  const Dims& dims = args.attrs.as<DimsAttrs>().dims;
  const std::optional<Dims> full = broadcast(args.in[0], dims);
  if (!full || *full != dims) shape_error(args, "it does not broadcast to " + to_string(dims));
  return dims;
}

Dims sum_target(const ShapeArgs& args) {
  const Dims& dims = args.attrs.as<DimsAttrs>().dims;
  const std::optional<Dims> full = broadcast(args.in[0], dims);
  if (!full || *full != args.in[0]) shape_error(args, to_string(dims) + " does not broadcast to it");
  return dims;
}

/// How many rows of the shape of `out` stand one behind the other in `full`; 0 where the sum is over other
/// axes.
std::int64_t leading_rows(const Shape& full, const Shape& out) {
  if (out.numel() <= 1) return 0;
  std::size_t axis = full.rank();
  std::size_t kept = out.rank();
  while (axis > 0 && kept > 0 && full[axis - 1] == out[kept - 1]) --axis, --kept;
  while (kept > 0 && out[kept - 1] == 1) --kept;
  if (kept > 0) return 0;
  std::int64_t rows = 1;
  for (std::size_t i = 0; i < axis; ++i) rows *= full[i];
  return rows;
}

/// out = the operand summed over the axes along which out broadcasts to it.
constexpr auto sum_to_kernel = [](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  const Kernels<T>& k = kernels<T>();
  if (!c.accumulate) std::fill_n(c.out, c.out_shape->numel(), T{0});
  const T* x = c.real(0);
  const std::int64_t rows = leading_rows(c.shape(0), *c.out_shape);
  if (rows > 0) return k.add_rows(x, rows, c.out, c.out_shape->numel());
  BroadcastWalk<1>(c.shape(0), {c.out_shape}).run([&](auto& at, auto& step, auto n, auto in) {
    T* y = c.out + at[0];
    if (step[0] == 1)
      k[Binary::add](y, 1, x + in, 1, y, n);
    else
      *y += k.sum(x + in, n);
  });
};

constexpr Forward broadcast_forward = forward([](const auto& c) {
  const auto* x = c.real(0);
  BroadcastWalk<1>(*c.out_shape, {c.in_shape[0]}).run([&](auto& at, auto& step, auto n, auto out) {
    for (std::int64_t i = 0; i < n; ++i) c.out[out + i] = x[at[0] + i * step[0]];
  });
});

// The rows below work along the last axis and keep it, with extent 1 (max, logsumexp) or whole (from_max,
// softmax).

Dims last_axis_to_one(const ShapeArgs& args) {
  Dims dims = args.in[0];
  dims.back() = 1;
  return dims;
}

Dims max_of_last_axis(const ShapeArgs& args) {
  if (args.in[0].empty() || args.in[1] != last_axis_to_one(args))
    shape_error(args, "one maximum is wanted for each row of the last axis, which it keeps with extent 1");
  return args.in[0];
}

template <class T>
struct Row {
  const T* x;
  T* y;
  std::int64_t n;
};

/// Calls `f` for each row along the last axis; y moves by the result's own row length.
template <class C, class F>
void each_row(const C& c, F f) {
  using T = std::decay_t<decltype(*c.out)>;
  const std::int64_t n = c.shape(0).back(), m = c.out_shape->back();
  const std::int64_t rows = m == 0 ? 0 : c.out_shape->numel() / m;
  for (std::int64_t r = 0; r < rows; ++r) f(Row<T>{c.real(0) + r * n, c.out + r * m, n});
}

/// max(x) + log Σ exp(x - max), without overflow; `scratch` holds n values. -Inf for an empty or all -Inf
/// row.
template <class T>
T log_sum_exp(const T* x, std::int64_t n, T* scratch) {
  const Kernels<T>& k = kernels<T>();
  const T top = k.max(x, n);
  if (!std::isfinite(top)) return top;
  k[Binary::sub](x, 1, &top, 0, scratch, n);
  k[Unary::exp](scratch, scratch, n);
  return top + std::log(k.sum(scratch, n));
}

/// y = x - top, where `top` is the maximum of x; y may be x. An infinite maximum that one element alone
/// reaches is 0 from itself; several at infinity have no definite difference and give NaN.
template <class T>
void subtract_max(const Row<T>& row, T top) {
  const T* end = row.x + row.n;
  const bool alone = std::isinf(top) && std::count(row.x, end, top) == 1;
  const std::int64_t largest = alone ? std::find(row.x, end, top) - row.x : 0;
  kernels<T>()[Binary::sub](row.x, 1, &top, 0, row.y, row.n);
  if (alone) row.y[largest] = 0;
}

constexpr auto one_row_of_scratch = [](std::span<const Shape* const> in, const Shape&,
                                       std::size_t real_bytes) {
  return static_cast<std::size_t>(in[0]->back()) * real_bytes;
};

constexpr Forward max_forward = forward([](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  each_row(c, [](auto row) { *row.y = kernels<T>().max(row.x, row.n); });
});

constexpr Forward logsumexp_forward = forward([](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  T* scratch = reinterpret_cast<T*>(c.workspace.data());
  each_row(c, [&](auto row) { *row.y = log_sum_exp(row.x, row.n, scratch); });
});

constexpr Forward from_max_forward = forward([](const auto& c) {
  const auto* top = c.real(1);
  each_row(c, [&](auto row) { subtract_max(row, *top++); });
});

constexpr Forward softmax_forward = forward([](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  const Kernels<T>& k = kernels<T>();
  each_row(c, [&](auto row) {
    subtract_max(row, k.max(row.x, row.n));
    k[Unary::exp](row.y, row.y, row.n);
    const T total = k.sum(row.y, row.n);
    k[Binary::div](row.y, 1, &total, 0, row.y, row.n);
  });
});

Var max_vjp(P p) {
  const Var winners = equal(p.in(0), p.out());
  return p.g() * (winners / sum(winners, -1, true));
}

/// Not e^(x - y): y is rounded to the size of the largest x, which softmax keeps out. A row of nothing but
/// -Inf stays at -Inf whatever is added to its elements: its gradient is 0.
Var logsumexp_vjp(P p) {
  const Var zero = p.tape().fill(0, {});
  const Var none = equal(p.out(), p.tape().fill(-std::numeric_limits<double>::infinity(), {}));
  return where(none, zero, p.g()) * softmax(where(none, zero, p.in(0)));
}

enum Reduction { sum_to_row, broadcast_to_row, max_row, from_max_row, logsumexp_row, softmax_row };

constexpr Op reduction_table[] = {
    Op{.name = "sum_to",
       .operands = {{.vjp = [](P p) { return broadcast_to(p.g(), p.dims(0)); }}},
       .shape = sum_target,
       .forward = forward(sum_to_kernel),
       .attrs = &attrs_type<DimsAttrs>,
       .rows = Rows::sum,
       .accumulates = true},
    Op{.name = "broadcast_to",
       .operands = {{.vjp = [](P p) { return sum_to(p.g(), p.dims(0)); }}},
       .shape = broadcast_target,
       .forward = broadcast_forward,
       .attrs = &attrs_type<DimsAttrs>,
       .rows = Rows::spread},
    Op{.name = "max",
       .operands = {{.vjp = max_vjp}},
       .shape = last_axis_to_one,
       .forward = max_forward,
       .keep = Keep::both,
       .domain = Domain::separated,
       .rows = Rows::last_axis},
    Op{.name = "from_max",
       .operands = {{.vjp = [](P p) { return p.g(); }}, {.vjp = [](P p) { return -sum(p.g(), -1, true); }}},
       .shape = max_of_last_axis,
       .forward = from_max_forward,
       .rows = Rows::last_axis,
       .in_place = true},
    Op{.name = "logsumexp",
       .operands = {{.vjp = logsumexp_vjp}},
       .shape = last_axis_to_one,
       .forward = logsumexp_forward,
       .keep = Keep::both,
       .rows = Rows::last_axis,
       .workspace = one_row_of_scratch},
    Op{.name = "softmax",
       .operands = {{.vjp = [](P p) { return p.out() * (p.g() - sum(p.g() * p.out(), -1, true)); }}},
       .shape = same_shape,
       .forward = softmax_forward,
       .keep = Keep::output,
       .rows = Rows::last_axis,
       .in_place = true},
};

Var record_to(Reduction row, Var x, Dims dims) {
  return record(reduction_table[row], {x}, DimsAttrs{std::move(dims)});
}

/// x with `axis` and the last axis swapped.
Var with_axis_last(Var x, std::size_t axis) {
  std::vector<std::int64_t> permutation(x.rank());
  for (std::size_t i = 0; i < x.rank(); ++i) permutation[i] = static_cast<std::int64_t>(i);
  std::swap(permutation[axis], permutation.back());
  return transpose(x, std::move(permutation));
}

/// Applies a function that works on the last axis along any axis.
Var along(Var (*f)(Var), std::string_view name, Var x, std::int64_t axis) {
  const std::size_t at = normal_axis(name, x.dims(), axis);
  if (at == x.rank() - 1) return f(x);
  return with_axis_last(f(with_axis_last(x, at)), at);
}

template <Reduction row>
Var of_last_axis(Var x) {
  return record(reduction_table[row], {x});
}

Var log_softmax_of_last_axis(Var x) {
  const Var shifted = from_max(x);
  return shifted - log(sum(exp(shifted), -1, true));
}

Dims without_axis(const Dims& dims, std::size_t axis) {
  Dims rest = dims;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(axis));
  return rest;
}

Var drop_axis(Var x, std::int64_t axis, bool keep_axis) {
  if (keep_axis) return x;
  return reshape(x, without_axis(x.dims(), normal_axis("reshape", x.dims(), axis)));
}

}  // namespace

std::span<const Op> reduction_rows() { return reduction_table; }
const Op& sum_to_op() { return reduction_table[sum_to_row]; }
const Op& broadcast_to_op() { return reduction_table[broadcast_to_row]; }

Var sum_to(Var x, Dims dims) { return x.dims() == dims ? x : record_to(sum_to_row, x, std::move(dims)); }
Var broadcast_to(Var x, Dims dims) {
  return x.dims() == dims ? x : record_to(broadcast_to_row, x, std::move(dims));
}

Var sum(Var x) { return sum_to(x, {}); }
Var sum(Var x, std::int64_t axis, bool keep_axis) {
  Dims dims = x.dims();
  dims[normal_axis("sum", dims, axis)] = 1;
  return drop_axis(sum_to(x, std::move(dims)), axis, keep_axis);
}

Var mean(Var x) { return sum(x) / count(x, x.dims()); }
Var mean(Var x, std::int64_t axis, bool keep_axis) {
  return sum(x, axis, keep_axis) / count(x, {x.dims()[normal_axis("mean", x.dims(), axis)]});
}

Var max(Var x, std::int64_t axis, bool keep_axis) {
  return drop_axis(along(of_last_axis<max_row>, "max", x, axis), axis, keep_axis);
}
Var from_max(Var x) { return record(reduction_table[from_max_row], {x, stop_gradient(max(x, -1, true))}); }
Var logsumexp(Var x, std::int64_t axis, bool keep_axis) {
  return drop_axis(along(of_last_axis<logsumexp_row>, "logsumexp", x, axis), axis, keep_axis);
}
Var softmax(Var x, std::int64_t axis) { return along(of_last_axis<softmax_row>, "softmax", x, axis); }
Var log_softmax(Var x, std::int64_t axis) { return along(log_softmax_of_last_axis, "log_softmax", x, axis); }

}  // namespace unroll
