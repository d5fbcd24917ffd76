#include "framework/autodiff/directions.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

using P = const Pullback&;

struct SolveAttrs {
  bool transpose = false;      ///< use A's transpose
  bool lower = false;          ///< solve_triangular: which triangle is meant
  bool unit_diagonal = false;  ///< solve_triangular: take the diagonal as ones
  static constexpr auto fields =
      std::tuple(field("transpose", &SolveAttrs::transpose), field("lower", &SolveAttrs::lower),
                 field("unit_diagonal", &SolveAttrs::unit_diagonal));
};

struct TriangleAttrs {
  bool lower = false;
  bool strict = false;  ///< leave the diagonal out
  static constexpr auto fields =
      std::tuple(field("lower", &TriangleAttrs::lower), field("strict", &TriangleAttrs::strict));
};

Dims solve_shape(const ShapeArgs& args) {
  const Dims &a = args.in[0], &b = args.in[1];
  const std::size_t rank = a.size();
  const bool batched = rank == 3 && b.size() == 3 && a[0] == b[0];
  if (!(batched || (rank == 2 && b.size() == 2)) || a[rank - 2] != a[rank - 1] || a[rank - 1] != b[rank - 2])
    shape_error(args, "A must be square, (n, n), and B (n, columns), or both with one more axis in front");
  return b;
}

/// The last two axes, and how many such matrices there are.
struct Matrices {
  explicit Matrices(const Shape& shape)
      : count(shape.rank() == 3 ? shape[0] : 1),
        rows(shape[shape.rank() - 2]),
        columns(shape[shape.rank() - 1]) {}
  std::int64_t numel() const { return rows * columns; }

  std::int64_t count, rows, columns;
};

constexpr auto solve_kernel = [](const auto& c) {
  const bool transpose = c.attrs.template as<SolveAttrs>().transpose;
  const Matrices a(c.shape(0)), b(c.shape(1));
  for (std::int64_t i = 0; i < a.count; ++i)
    solve(transpose, b.rows, b.columns, c.real(0) + i * a.numel(), c.real(1) + i * b.numel(),
          c.out + i * b.numel(), c.workspace);
};

constexpr auto solve_triangular_kernel = [](const auto& c) {
  const auto& [transpose, lower, unit_diagonal] = c.attrs.template as<SolveAttrs>();
  const Matrices a(c.shape(0)), b(c.shape(1));
  for (std::int64_t i = 0; i < a.count; ++i)
    solve_triangular(lower, transpose, unit_diagonal, b.rows, b.columns, c.real(0) + i * a.numel(),
                     c.real(1) + i * b.numel(), c.out + i * b.numel());
};

Dims orthonormalise_shape(const ShapeArgs& args) {
  const Dims& a = args.in[0];
  if (a.size() != 2 && a.size() != 3) shape_error(args, "A must be a matrix, (m, n), or several, (b, m, n)");
  const Dim rows = a[a.size() - 2], columns = a.back();
  if (rows.fixed() && columns.fixed() && rows.number() < columns.number())
    shape_error(args, "A must have at least as many rows as columns, which cannot be orthogonal otherwise");
  return a;
}

constexpr auto orthonormalise_kernel = [](const auto& c) {
  const Matrices a(c.shape(0));
  for (std::int64_t i = 0; i < a.count; ++i)
    orthonormalise(a.rows, a.columns, c.real(0) + i * a.numel(), c.out + i * a.numel(), c.workspace);
};

constexpr auto triangle_kernel = [](const auto& c) {
  const auto& attrs = c.attrs.template as<TriangleAttrs>();
  const std::size_t rank = c.out_shape->rank();
  const std::int64_t rows = (*c.out_shape)[rank - 2], columns = (*c.out_shape)[rank - 1];
  const std::int64_t total = c.out_shape->numel(), strict = attrs.strict ? 1 : 0;
  for (std::int64_t at = 0, i = 0; at < total; ++i)
    for (std::int64_t j = 0; j < columns; ++j, ++at) {
      const std::int64_t below = i % rows - j;  // below the diagonal when positive
      c.out[at] = (attrs.lower ? below >= strict : -below >= strict) ? c.real(0)[at] : 0;
    }
};

Dims triangle_shape(const ShapeArgs& args) {
  if (args.in[0].size() < 2) shape_error(args, "a triangle needs two axes");
  return args.in[0];
}

enum SolveRow { solve_row, solve_triangular_row, orthonormalise_row, triangle_row };
Var record_solve(SolveRow row, Var a, Var b, const SolveAttrs& attrs);

/// X = op(A)⁻¹ B:  dB = op(A)⁻ᵀ g,  d op(A) = -dB Xᵀ.
template <SolveRow row>
Var solve_vjp_b(P p) {
  SolveAttrs attrs = p.attrs().as<SolveAttrs>();
  attrs.transpose = !attrs.transpose;
  return record_solve(row, p.in(0), p.g(), attrs);
}

template <SolveRow row>
Var solve_vjp_a(P p) {
  const Var db = solve_vjp_b<row>(p);
  return p.attrs().as<SolveAttrs>().transpose ? -matmul(p.out(), db, false, true)  // -X dBᵀ
                                              : -matmul(db, p.out(), false, true);
}

Var triangular_vjp_a(P p) {
  const auto& [transpose, lower, unit_diagonal] = p.attrs().as<SolveAttrs>();
  return triangle(solve_vjp_a<solve_triangular_row>(p), lower, unit_diagonal);
}

/// A = Q R:  dA = (g + Q S) R⁻ᵀ, where S is the symmetric matrix whose lower triangle is that of -gᵀ Q
/// (Walter & Lehmann 2018, "Walter", with no cotangent of R).
Var orthonormalise_vjp(P p) {
  const Var q = p.out(), g = p.g();
  const Var r = triangle(matmul(q, p.in(0), true), false);
  const Var m = -matmul(g, q, true);
  const Var s = triangle(m, true) + transpose(triangle(m, true, true));
  return transpose(solve_triangular(r, transpose(g + matmul(q, s)), false));
}

Var triangle_vjp(P p) {
  const auto& [lower, strict] = p.attrs().as<TriangleAttrs>();
  return triangle(p.g(), lower, strict);
}

constexpr Op solve_table[] = {
    Op{.name = "solve",
       .operands = {{.vjp = solve_vjp_a<solve_row>}, {.vjp = solve_vjp_b<solve_row>}},
       .shape = solve_shape,
       .forward = forward(solve_kernel),
       .keep = Keep::both,
       .attrs = &attrs_type<SolveAttrs>,
       .workspace =
           [](std::span<const Shape* const> in, const Shape&, std::size_t real) {
             return solve_workspace_bytes(Matrices(*in[0]).rows, Matrices(*in[1]).columns, real);
           }},
    Op{.name = "solve_triangular",
       .operands = {{.vjp = triangular_vjp_a}, {.vjp = solve_vjp_b<solve_triangular_row>}},
       .shape = solve_shape,
       .forward = forward(solve_triangular_kernel),
       .keep = Keep::both,
       .attrs = &attrs_type<SolveAttrs>},
    Op{.name = "orthonormalise",
       .operands = {{.vjp = orthonormalise_vjp}},
       .shape = orthonormalise_shape,
       .forward = forward(orthonormalise_kernel),
       .keep = Keep::both,
       .workspace =
           [](std::span<const Shape* const> in, const Shape&, std::size_t real) {
             const Matrices a(*in[0]);
             return orthonormalise_workspace_bytes(a.rows, a.columns, real);
           }},
    Op{.name = "triangle",
       .operands = {{.vjp = triangle_vjp}},
       .shape = triangle_shape,
       .forward = forward(triangle_kernel),
       .attrs = &attrs_type<TriangleAttrs>},
};

Var record_solve(SolveRow row, Var a, Var b, const SolveAttrs& attrs) {
  return record(solve_table[row], {a, b}, attrs);
}

}  // namespace

std::span<const Op> solve_rows() { return solve_table; }

Var solve(Var a, Var b, bool transpose) { return record_solve(solve_row, a, b, {.transpose = transpose}); }

Var solve_triangular(Var a, Var b, bool lower, bool transpose, bool unit_diagonal) {
  return record_solve(solve_triangular_row, a, b, {transpose, lower, unit_diagonal});
}

Var orthonormalise(Var a) { return record(solve_table[orthonormalise_row], {a}); }

Var triangle(Var x, bool lower, bool strict) {
  return record(solve_table[triangle_row], {x}, TriangleAttrs{lower, strict});
}

}  // namespace unroll
