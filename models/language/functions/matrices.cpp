#include <fmt/format.h>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/functions/function.hpp"
#include "models/language/matrix_maps.hpp"

namespace unroll {
namespace {

Function dot_function() {
  return {.name = "dot",
          .least = 2,
          .most = 2,
          .signature = "dot(v, w)",
          .summary = "the inner product of two vectors",
          .example = "a = dot(h, h)",
          .type =
              [](const FunctionArgs& args) {
                for (std::size_t i : {0u, 1u}) require_rank(args, i, 1, "dot");
                elementwise_type(args.types[0], args.types[1], "dot", args.sizes);
                return joined(args, {});
              },
          .record =
              [](const FunctionCall& call) {
                const Var product = call.values[0] * call.values[1];
                return as_number(sum(product, -1, product.rank() > 1), product.rank() > 1);
              }};
}

Function outer_function() {
  return {.name = "outer",
          .least = 2,
          .most = 2,
          .signature = "outer(v, w)",
          .summary = "the matrix v_i w_j of two vectors",
          .example = "M = outer(h, h)",
          .type =
              [](const FunctionArgs& args) {
                for (std::size_t i : {0u, 1u}) require_rank(args, i, 1, "outer");
                return joined(args, {args.types[0].shape[0], args.types[1].shape[0]});
              },
          .record =
              [](const FunctionCall& call) {
                return outer_product(call.values[0], call.values[1], call.types[0], call.types[1]);
              }};
}

Function transpose_function() {
  return {.name = "transpose",
          .least = 1,
          .most = 1,
          .signature = "transpose(A)",
          .summary = "of a matrix",
          .example = "h' = tanh((U + transpose(U)) h + W x)",
          .type =
              [](const FunctionArgs& args) {
                require_rank(args, 0, 2, "transpose");
                return joined(args, {args.types[0].shape[1], args.types[0].shape[0]});
              },
          .record = [](const FunctionCall& call) { return transpose(call.values[0]); }};
}

void require_square(const FunctionArgs& args, std::string_view name) {
  require_rank(args, 0, 2, name);
  const Type& a = args.types[0];
  if (!args.sizes.unify(a.shape[0], a.shape[1]))
    throw TypeError(fmt::format("{} needs a square matrix, not {}", name, describe(a, args.sizes)));
  if (a.batched)
    throw TypeError(
        fmt::format("{} is of matrices of parameters and constants; this one depends on the "
                    "input or a state",
                    name));
}

Function square_function(const std::string& name, std::string summary, std::string example, Var (*f)(Var)) {
  return {.name = name,
          .least = 1,
          .most = 1,
          .signature = name + "(A)",
          .summary = std::move(summary),
          .example = std::move(example),
          .type =
              [name](const FunctionArgs& args) {
                require_square(args, name);
                return joined(args, args.types[0].shape);
              },
          .record = [f](const FunctionCall& call) { return f(call.values[0]); }};
}

Function identity_function() {
  return {.name = "identity",
          .least = 1,
          .most = 1,
          .signature = "identity(N)",
          .summary = "the matrix with ones on its diagonal",
          .example = "A = U - identity(hidden)",
          .type =
              [](const FunctionArgs& args) {
                if (!args.extents[0]) throw TypeError("identity needs a size, such as hidden");
                Type type{.shape = {*args.extents[0], *args.extents[0]}, .constant = true};
                return type;
              },
          .record =
              [](const FunctionCall& call) {
                return identity_matrix(call.values[0].tape(), static_cast<std::int64_t>(call.numbers[0]));
              }};
}

Function diag_function() {
  return {.name = "diag",
          .least = 1,
          .most = 1,
          .signature = "diag(v)",
          .summary = "the matrix with v on its diagonal",
          .example = "A = U + diag(b_u)",
          .type =
              [](const FunctionArgs& args) {
                require_rank(args, 0, 1, "diag");
                return joined(args, {args.types[0].shape[0], args.types[0].shape[0]});
              },
          .record =
              [](const FunctionCall& call) {
                const Var v = call.values[0];
                return row_of(v) * identity_matrix(v.tape(), v.dims().back().number());
              },
          .squares = true};
}

/// A^-1 b: rows of a batch are columns for the solver.
Var solved(Var a, Var b, const Type& type) {
  if (type.rank() == 2) return solve(a, b);
  if (type.batched) return transpose(solve(a, transpose(b)));
  return reshape(solve(a, reshape(b, {b.dims()[0], 1})), {b.dims()[0]});
}

Function solve_function() {
  return {
      .name = "solve",
      .least = 2,
      .most = 2,
      .signature = "solve(A, v), solve(A, B)",
      .summary = "what A, a matrix of parameters and constants, makes v of: A^-1 v",
      .example = "u = solve(identity(hidden) + U, h)",
      .type =
          [](const FunctionArgs& args) {
            require_square(args, "solve");
            const Type& b = args.types[1];
            if (b.rank() == 0 || (b.rank() == 2 && b.batched))
              throw TypeError("solve needs a vector, or a matrix of parameters and constants, on the right");
            if (!args.sizes.unify(args.types[0].shape[1], b.shape[0]))
              throw TypeError(fmt::format("solve needs as many rows on both sides, not {} and {}",
                                          describe(args.types[0], args.sizes), describe(b, args.sizes)));
            return joined(args, b.shape);
          },
      .record =
          [](const FunctionCall& call) { return solved(call.values[0], call.values[1], call.types[1]); }};
}

}  // namespace

std::vector<Function> matrix_functions() {
  return {dot_function(),
          outer_function(),
          transpose_function(),
          identity_function(),
          diag_function(),
          solve_function(),
          square_function("expm", "the matrix exponential", "h' = expm(U - transpose(U)) h + W x",
                          matrix_exponential),
          square_function("cayley", "(I + A)^-1 (I - A): orthogonal where A is skew-symmetric",
                          "h' = cayley(U - transpose(U)) h + W x", cayley)};
}

}  // namespace unroll
