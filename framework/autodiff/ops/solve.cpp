#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

using P = const Pullback&;

Dims solve_shape(const ShapeArgs& args) {
  const Dims &a = args.in[0], &b = args.in[1];
  if (a.size() != 2 || b.size() != 2 || a[0] != a[1] || a[1] != b[0])
    shape_error(args, "A must be square, (n, n), and B (n, columns)");
  return b;
}

constexpr auto solve_kernel = [](const auto& c) {
  solve(c.attrs.transpose_a, c.shape(1)[0], c.shape(1)[1], c.real(0), c.real(1), c.out, c.workspace);
};

constexpr auto solve_triangular_kernel = [](const auto& c) {
  solve_triangular(c.attrs.lower, c.attrs.transpose_a, c.attrs.unit_diagonal, c.shape(1)[0], c.shape(1)[1],
                   c.real(0), c.real(1), c.out);
};

/// attrs.unit_diagonal leaves the diagonal out.
constexpr auto triangle_kernel = [](const auto& c) {
  const std::size_t rank = c.out_shape->rank();
  const std::int64_t rows = (*c.out_shape)[rank - 2], columns = (*c.out_shape)[rank - 1];
  const std::int64_t total = c.out_shape->numel(), strict = c.attrs.unit_diagonal ? 1 : 0;
  for (std::int64_t at = 0, i = 0; at < total; ++i)
    for (std::int64_t j = 0; j < columns; ++j, ++at) {
      const std::int64_t below = i % rows - j;  // below the diagonal when positive
      c.out[at] = (c.attrs.lower ? below >= strict : -below >= strict) ? c.real(0)[at] : 0;
    }
};

Dims triangle_shape(const ShapeArgs& args) {
  if (args.in[0].size() < 2) shape_error(args, "a triangle needs two axes");
  return args.in[0];
}

enum Row { solve_row, solve_triangular_row, triangle_row };
Var same_solve(P p, Row row, Var a, Var b, bool transpose);

/// X = op(A)⁻¹ B:  dB = op(A)⁻ᵀ g,  d op(A) = -dB Xᵀ.
Var solve_vjp_b(P p, Row row) { return same_solve(p, row, p.in(0), p.g(), !p.attrs().transpose_a); }

Var solve_vjp_a(P p, Row row) {
  const Var db = solve_vjp_b(p, row);
  return p.attrs().transpose_a ? -matmul(p.out(), db, false, true)  // -X dBᵀ
                               : -matmul(db, p.out(), false, true);
}

constexpr Op solve_table[] = {
    Op{.name = "solve",
       .arity = 2,
       .shape = solve_shape,
       .forward = forward(solve_kernel),
       .vjp = {[](P p) { return solve_vjp_a(p, solve_row); }, [](P p) { return solve_vjp_b(p, solve_row); }},
       .keep = Keep::both,
       .workspace = [](std::span<const Shape* const> in, const Shape&,
                       std::size_t real) { return solve_workspace_bytes((*in[0])[0], (*in[1])[1], real); }},
    Op{.name = "solve_triangular",
       .arity = 2,
       .shape = solve_shape,
       .forward = forward(solve_triangular_kernel),
       .vjp = {[](P p) {
                 return triangle(solve_vjp_a(p, solve_triangular_row), p.attrs().lower,
                                 p.attrs().unit_diagonal);
               },
               [](P p) { return solve_vjp_b(p, solve_triangular_row); }},
       .keep = Keep::both},
    Op{.name = "triangle",
       .arity = 1,
       .shape = triangle_shape,
       .forward = forward(triangle_kernel),
       .vjp = {[](P p) { return triangle(p.g(), p.attrs().lower, p.attrs().unit_diagonal); }}},
};

Var same_solve(P p, Row row, Var a, Var b, bool transpose) {
  Attrs attrs = p.attrs();
  attrs.transpose_a = transpose;
  return record(solve_table[row], {a, b}, std::move(attrs));
}

}  // namespace

std::span<const Op> solve_rows() { return solve_table; }

Var solve(Var a, Var b, bool transpose) {
  Attrs attrs;
  attrs.transpose_a = transpose;
  return record(solve_table[solve_row], {a, b}, std::move(attrs));
}

Var solve_triangular(Var a, Var b, bool lower, bool transpose, bool unit_diagonal) {
  Attrs attrs;
  attrs.lower = lower;
  attrs.transpose_a = transpose;
  attrs.unit_diagonal = unit_diagonal;
  return record(solve_table[solve_triangular_row], {a, b}, std::move(attrs));
}

Var triangle(Var x, bool lower, bool strict) {
  Attrs attrs;
  attrs.lower = lower;
  attrs.unit_diagonal = strict;
  return record(solve_table[triangle_row], {x}, std::move(attrs));
}

}  // namespace unroll
