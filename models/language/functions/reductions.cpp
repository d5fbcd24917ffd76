#include <fmt/format.h>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/functions/function.hpp"
#include "models/normalisation.hpp"

// Functions along an axis of a vector or a matrix: to one value for each row or column, or to as many as
// there are.

namespace unroll {
namespace {

/// Of the last axis, with or without keeping it with extent 1.
using Reduce = Var (*)(Var, std::int64_t axis, bool keep);
/// Along the last axis.
using Along = Var (*)(Var);

void require_elements(const FunctionArgs& args, const std::string& name) {
  if (args.types[0].rank() == 0) throw TypeError(name + " needs a vector or a matrix, not a number");
  if (args.axis && *args.axis == 1 && args.types[0].rank() == 1)
    throw TypeError(name + ": a vector has one axis, 0");
}

Type reduced_type(const FunctionArgs& args, const std::string& name) {
  require_elements(args, name);
  const Type& v = args.types[0];
  if (v.rank() == 1 || !args.axis) return joined(args, {});
  return joined(args, {v.shape[*args.axis == 0 ? 1 : 0]});
}

Var reduced(const FunctionCall& call, Reduce reduce) {
  const Var v = call.values[0];
  const Type& type = call.types[0];
  if (type.rank() == 2 && call.axis) return reduce(v, *call.axis == 0 ? -2 : -1, false);
  return as_number(reduce(type.rank() == 2 ? flat(v) : v, -1, type.batched), type.batched);
}

Function reduction(const std::string& name, std::string summary, std::string example, Reduce reduce) {
  return {.name = name,
          .least = 1,
          .most = 1,
          .axis = true,
          .signature = fmt::format("{0}(v), {0}(A), {0}(A, axis=0)", name),
          .summary = std::move(summary),
          .example = std::move(example),
          .type = [name](const FunctionArgs& args) { return reduced_type(args, name); },
          .record = [reduce](const FunctionCall& call) { return reduced(call, reduce); }};
}

/// The largest or smallest element, or of two values element by element.
Function extreme(const std::string& name, const std::string& what, Reduce reduce, Var (*of_two)(Var, Var)) {
  Function f = reduction(
      name, fmt::format("the {} of two values, element by element; of one, its {} element", what, what),
      fmt::format("m = {}(a, 0)", name), reduce);
  f.most = 2;
  f.signature = fmt::format("{0}(a, b), {0}(v), {0}(A, axis=0)", name);
  f.type = [name](const FunctionArgs& args) {
    if (args.types.size() == 1) return reduced_type(args, name);
    if (args.axis) throw TypeError(name + " has an axis only where it is of one value");
    return elementwise_type(args.types[0], args.types[1], name, args.sizes);
  };
  f.record = [reduce, of_two](const FunctionCall& call) {
    if (call.values.size() == 1) return reduced(call, reduce);
    const std::vector<Var> v = equally_ranked(call.values, call.types);
    return of_two(v[0], v[1]);
  };
  f.elementwise = true;
  return f;
}

Type along_type(const FunctionArgs& args, const std::string& name) {
  require_elements(args, name);
  if (args.types[0].rank() == 2 && !args.axis)
    throw TypeError(
        fmt::format("{0} of a matrix is along its columns, {0}(A, axis=0), or its rows, {0}(A, "
                    "axis=1)",
                    name));
  return joined(args, args.types[0].shape);
}

Function along(const std::string& name, std::string summary, std::string example, Along f) {
  return {.name = name,
          .least = 1,
          .most = 1,
          .axis = true,
          .signature = fmt::format("{0}(v), {0}(A, axis=1)", name),
          .summary = std::move(summary),
          .example = std::move(example),
          .type = [name](const FunctionArgs& args) { return along_type(args, name); },
          .record =
              [f](const FunctionCall& call) {
                const Var v = call.values[0];
                const bool columns = call.types[0].rank() == 2 && *call.axis == 0;
                return columns ? transpose(f(transpose(v))) : f(v);
              }};
}

Var sum_of(Var v, std::int64_t axis, bool keep) { return sum(v, axis, keep); }
Var mean_of(Var v, std::int64_t axis, bool keep) { return mean(v, axis, keep); }
Var max_of(Var v, std::int64_t axis, bool keep) { return max(v, axis, keep); }
Var min_of(Var v, std::int64_t axis, bool keep) { return -max(-v, axis, keep); }
/// The smallest square keeps the gradient at the zero vector 0 instead of 0/0.
Var norm_of(Var v, std::int64_t axis, bool keep) {
  const Var squares = sum(square(v), axis, keep);
  return sqrt(maximum(squares, squares.tape().fill(1e-30, {})));
}
Var softmax_of(Var v) { return softmax(v); }

/// A product with a triangle of ones.
Var cumulative_sum(Var v) {
  const std::int64_t n = v.dims().back().number();
  Tensor<double> ones({n, n});
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) ones[i * n + j] = 1;
  const Var triangle = v.tape().constant(std::move(ones));
  return v.rank() > 1 ? linear(v, triangle) : reshape(linear(reshape(v, {1, n}), triangle), {n});
}

}  // namespace

std::vector<Function> reductions() {
  Function cumsum = along("cumsum", "the sums of the first element, the first two, ...",
                          "c = cumsum(softmax(h))", cumulative_sum);
  cumsum.squares = true;
  return {reduction("sum", "of all elements, or over the rows (axis=0) or columns (axis=1)", "s = sum(h * h)",
                    sum_of),
          reduction("mean", "of all elements, or over the rows or columns", "m = mean(h)", mean_of),
          extreme("max", "larger", max_of, maximum),
          extreme("min", "smaller", min_of, minimum),
          reduction("norm", "Euclidean; of zeros 1e-15, with gradient 0", "u = h / norm(h)", norm_of),
          reduction("logsumexp", "log(sum(exp(v))), without overflow", "l = logsumexp(h)", logsumexp),
          along("softmax", "e^v over its sum", "p = softmax(h)", softmax_of),
          along("layer_norm", "mean 0, variance 1", "n = layer_norm(h)", layer_norm),
          cumsum};
}

}  // namespace unroll
