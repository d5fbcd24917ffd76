#include "framework/autodiff/ops/products.hpp"

#include <cstring>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {
namespace {

using P = const Pullback&;

void check_inner(const ShapeArgs& args, Dim k_a, Dim k_b) {
  if (k_a != k_b)
    shape_error(args, "the inner extents " + to_string(k_a) + " and " + to_string(k_b) +
                          " differ; is a transpose missing, or input and hidden size swapped?");
}

/// (m, k) (k, n) -> (m, n), or the same with one leading batch axis on all three.
Dims matmul_shape(const ShapeArgs& args) {
  const Dims &a = args.in[0], &b = args.in[1];
  if (a.size() != b.size() || (a.size() != 2 && a.size() != 3))
    shape_error(args, "two operands with two axes each are wanted, or with three for a batch of products");
  const std::size_t i = a.size() - 2;
  if (i == 1 && a[0] != b[0]) shape_error(args, "the batch axes differ");
  const auto& [ta, tb] = args.attrs.as<MatmulAttrs>();
  const Dim m = ta ? a[i + 1] : a[i], k_a = ta ? a[i] : a[i + 1];
  const Dim k_b = tb ? b[i + 1] : b[i], n = tb ? b[i] : b[i + 1];
  check_inner(args, k_a, k_b);
  return i == 0 ? Dims{m, n} : Dims{a[0], m, n};
}

struct ProductSizes {
  std::int64_t count, m, n, k;
};

ProductSizes product_sizes(const Shape& a, const Shape& out, bool transpose_a) {
  const std::size_t i = a.rank() - 2;
  return {i == 0 ? 1 : a[0], out[i], out[i + 1], transpose_a ? a[i] : a[i + 1]};
}

constexpr Forward matmul_forward = forward([](const auto& c) {
  using T = std::decay_t<decltype(*c.out)>;
  const auto& [ta, tb] = c.attrs.template as<MatmulAttrs>();
  const auto [count, m, n, k] = product_sizes(c.shape(0), *c.out_shape, ta);
  for (std::int64_t i = 0; i < count; ++i)
    gemm(ta, tb, m, n, k, c.real(0) + i * m * k, c.real(1) + i * k * n, c.accumulate ? T{1} : T{0},
         c.out + i * m * n);
});

/// One product of two matrices, whose maker is found beforehand.
template <class T>
HeldCall<T> hold_matmul(const Call<T>& call) {
  if (call.shape(0).rank() != 2) return {};
  const MatmulAttrs& attrs = call.attrs.template as<MatmulAttrs>();
  const ProductSizes sizes = product_sizes(call.shape(0), *call.out_shape, attrs.transpose_a);
  const ProductShape shape{attrs.transpose_a, attrs.transpose_b, sizes.m, sizes.n, sizes.k};
  const HeldProduct<T> product = held_product(shape, call.accumulate ? T{1} : T{0});
  HeldCall<T> held;
  static_assert(sizeof(product) <= sizeof(held.state) && std::is_trivially_copyable_v<HeldProduct<T>>);
  std::memcpy(held.state.data(), &product, sizeof(product));
  held.throws = product.may_throw();
  if (product.by_row_kernel()) held.row_product = {sizes.n, sizes.k, call.accumulate};
  held.run = [](const HeldCall<T>& self, void* const* p) {
    const auto& made = *reinterpret_cast<const HeldProduct<T>*>(self.state.data());
    made(static_cast<const T*>(p[0]), static_cast<const T*>(p[1]), static_cast<T*>(p[2]));
  };
  return held;
}

double matmul_flops(std::span<const Shape* const> in, const Shape& out, const Attrs& attrs) {
  const auto [count, m, n, k] = product_sizes(*in[0], out, attrs.as<MatmulAttrs>().transpose_a);
  return 2.0 * static_cast<double>(count) * static_cast<double>(m) * static_cast<double>(n) *
         static_cast<double>(k);
}

// With A' = op(A), B' = op(B) and C = A' B':  dA' = g B'ᵀ,  dB' = A'ᵀ g,  transposed back where op
// transposes.
Var matmul_vjp_a(P p) {
  const auto& [ta, tb] = p.attrs().as<MatmulAttrs>();
  return ta ? matmul(p.in(1), p.g(), tb, true)     // B' gᵀ : (k, n) (n, m)
            : matmul(p.g(), p.in(1), false, !tb);  // g B'ᵀ : (m, n) (n, k)
}

Var matmul_vjp_b(P p) {
  const auto& [ta, tb] = p.attrs().as<MatmulAttrs>();
  return tb ? matmul(p.g(), p.in(0), true, ta)     // gᵀ A' : (n, m) (m, k)
            : matmul(p.in(0), p.g(), !ta, false);  // A'ᵀ g : (k, m) (m, n)
}

constexpr Op product_table[] = {
    Op{.name = "matmul",
       .operands = {{.vjp = matmul_vjp_a}, {.vjp = matmul_vjp_b}},
       .shape = matmul_shape,
       .forward = matmul_forward,
       .hold = {hold_matmul<float>, hold_matmul<double>},
       .keep = Keep::inputs,
       .attrs = &attrs_type<MatmulAttrs>,
       .rows = Rows::product,
       .accumulates = true,
       .flops = matmul_flops},
};

/// All but the last axis as one.
Var as_rows(Var x) {
  Dim rows = 1;
  for (std::size_t i = 0; i + 1 < x.rank(); ++i) rows = rows * x.dims()[i];
  return reshape(x, {rows, x.dims().back()});
}

}  // namespace

std::span<const Op> product_rows() { return product_table; }
const Op& matmul_op() { return product_table[0]; }

Var matmul(Var a, Var b, bool transpose_a, bool transpose_b) {
  if (a.rank() > 2 && b.rank() == 2 && !transpose_a) {
    const Dims shapes[] = {a.dims(), b.dims()};  // as given, not as rows, should they not fit
    check_inner({"matmul", shapes, Attrs()}, a.dims().back(), b.dims()[transpose_b ? 1 : 0]);
    const Var rows = matmul(as_rows(a), b, false, transpose_b);
    Dims dims = a.dims();
    dims.back() = rows.dims().back();
    return reshape(rows, std::move(dims));
  }
  return record(product_table[0], {a, b}, MatmulAttrs{transpose_a, transpose_b});
}

Var linear(Var x, Var weight) { return matmul(x, weight, false, true); }

Var outer(Var a, Var b) {
  const Dims shapes[] = {a.dims(), b.dims()};
  if (a.rank() == 0 || b.rank() == 0)
    shape_error({"outer", shapes, Attrs()}, "both operands need an axis to be multiplied along");
  Dims column = a.dims(), row = b.dims();
  column.push_back(1);
  row.insert(row.end() - 1, Dim(1));
  return reshape(a, std::move(column)) * reshape(b, std::move(row));
}

}  // namespace unroll
