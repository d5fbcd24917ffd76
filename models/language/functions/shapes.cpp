#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/functions/function.hpp"

// Functions that give the same elements another shape or order.

namespace unroll {
namespace {

Function concat_function() {
  return {.name = "concat",
          .least = 1,
          .most = Function::any_number,
          .signature = "concat(v, w, ...)",
          .summary = "vectors one after the other",
          .example = "h' = tanh(V concat(h, x))",
          .type =
              [](const FunctionArgs& args) {
                Size total;
                for (std::size_t i = 0; i < args.types.size(); ++i) {
                  require_rank(args, i, 1, "concat");
                  total = total + args.sizes.resolve(args.types[i].shape[0]);
                }
                return joined(args, {total});
              },
          .record =
              [](const FunctionCall& call) { return concat(equally_batched(call.values, call.types), -1); }};
}

Function as_matrix(const std::string& name, bool row, std::string summary, std::string example,
                   Var (*f)(Var)) {
  return {.name = name,
          .least = 1,
          .most = 1,
          .signature = name + "(v)",
          .summary = std::move(summary),
          .example = std::move(example),
          .type =
              [name, row](const FunctionArgs& args) {
                require_rank(args, 0, 1, name);
                const Size n = args.types[0].shape[0], one = Size::of(1);
                return joined(args, row ? std::vector<Size>{one, n} : std::vector<Size>{n, one});
              },
          .record = [f](const FunctionCall& call) { return f(call.values[0]); }};
}

/// (shape...) behind the batch, if there is one.
Var shaped(Var v, const Type& type, std::span<const double> extents) {
  Dims dims;
  if (type.batched) dims.push_back(v.dims()[0]);
  for (const double n : extents) dims.push_back(static_cast<std::int64_t>(n));
  return reshape(v, dims);
}

Function reshape_function() {
  return {.name = "reshape",
          .least = 2,
          .most = 3,
          .signature = "reshape(v, ROWS, COLUMNS), reshape(A, N)",
          .summary = "the same elements, row by row: a vector as heads of a size, and back",
          .example = "q = reshape(h, 2, hidden / 2)",
          .type =
              [](const FunctionArgs& args) {
                if (args.types[0].rank() == 0) throw TypeError("reshape needs a vector or a matrix");
                std::vector<Size> shape;
                for (std::size_t i = 1; i < args.types.size(); ++i) {
                  if (!args.extents[i])
                    throw TypeError("reshape needs sizes, such as hidden / 2, behind the value");
                  shape.push_back(*args.extents[i]);
                }
                return joined(args, shape);
              },
          .record =
              [](const FunctionCall& call) {
                return shaped(call.values[0], call.types[0], call.numbers.subspan(1));
              },
          .rearranges = true};
}

/// v_{i-k}: the last k elements come first.
Var rolled(Var v, double shift) {
  const std::int64_t n = v.dims().back().number();
  const std::int64_t k = ((static_cast<std::int64_t>(shift) % n) + n) % n;
  if (k == 0) return v;
  return concat({slice(v, -1, n - k, k), slice(v, -1, 0, n - k)}, -1);
}

Function roll_function() {
  return {
      .name = "roll",
      .least = 2,
      .most = 2,
      .signature = "roll(v, K)",
      .summary = "element i is v_(i - K), around the ends",
      .example = "n = roll(h, 1)",
      .type =
          [](const FunctionArgs& args) {
            require_rank(args, 0, 1, "roll");
            if (!args.extents[1])
              throw TypeError(
                  "roll needs a whole number behind the vector, or what sizes and constants make of them");
            return joined(args, args.types[0].shape);
          },
      .record = [](const FunctionCall& call) { return rolled(call.values[0], call.numbers[1]); }};
}

Var reversed(Var v) {
  const std::int64_t n = v.dims().back().number();
  Tensor<double> turned({n, n});
  for (std::int64_t i = 0; i < n; ++i) turned[i * n + (n - 1 - i)] = 1;
  const Var matrix = v.tape().constant(std::move(turned));
  return v.rank() > 1 ? linear(v, matrix) : reshape(linear(reshape(v, {1, n}), matrix), {n});
}

Function reverse_function() {
  return {.name = "reverse",
          .least = 1,
          .most = 1,
          .signature = "reverse(v)",
          .summary = "the last element first",
          .example = "r = reverse(h)",
          .type =
              [](const FunctionArgs& args) {
                require_rank(args, 0, 1, "reverse");
                return joined(args, args.types[0].shape);
              },
          .record = [](const FunctionCall& call) { return reversed(call.values[0]); },
          .squares = true};
}

}  // namespace

std::vector<Function> shape_functions() {
  return {concat_function(),
          as_matrix("row", true, "a vector as a matrix of one row, which goes with every row of another",
                    "h' = tanh((U * row(a)) h)", row_of),
          as_matrix("column", false,
                    "a vector as a matrix of one column, which goes with every column of another",
                    "h' = tanh((column(a) * U) h)", column_of),
          reshape_function(),
          roll_function(),
          reverse_function()};
}

}  // namespace unroll
