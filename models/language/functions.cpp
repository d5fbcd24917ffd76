#include "models/language/functions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/normalisation.hpp"

namespace unroll {
namespace {

using Vars = std::vector<Var>;
using Types = std::span<const Type>;

/// The dependence of the result on that of the operands.
Type joined(const FunctionArgs& args, std::vector<Size> shape) {
  Type type{.shape = std::move(shape), .number = true};
  for (const Type& operand : args.types) {
    type.batched |= operand.batched;
    type.from_state |= operand.from_state;
    type.from_input |= operand.from_input;
    type.number &= operand.number;
  }
  return type;
}

void require_rank(const FunctionArgs& args, std::size_t rank, std::string_view what) {
  for (const Type& type : args.types)
    if (type.rank() != rank)
      throw TypeError(fmt::format("{} needs {}, not {}", what, rank == 1 ? "vectors" : "a matrix",
                                  describe(type, args.sizes)));
}

/// A function of one vector with a vector as result.
Function of_vector(std::string name, std::string summary, Var (*record)(Var)) {
  return {name, 1, std::move(summary),
          [name](const FunctionArgs& args) {
            require_rank(args, 1, name);
            return joined(args, {args.types[0].shape});
          },
          [record](const Vars& v, Types) { return record(v[0]); }};
}

/// A function of one vector with a number as result.
Function to_number(std::string name, std::string summary, Var (*record)(Var)) {
  return {name, 1, std::move(summary),
          [name](const FunctionArgs& args) {
            require_rank(args, 1, name);
            return joined(args, {});
          },
          [record](const Vars& v, Types types) { return as_number(record(v[0]), types[0].batched); }};
}

/// Numbers of a batch are (B, 1), so that they go with vectors.
Var vector_sum(Var v) { return sum(v, -1, v.rank() > 1); }
Var vector_mean(Var v) { return mean(v, -1, v.rank() > 1); }
/// The smallest square keeps the gradient at the zero vector 0 instead of 0/0.
Var vector_norm(Var v) {
  const Var squares = vector_sum(square(v));
  return sqrt(maximum(squares, squares.tape().fill(1e-30, {})));
}

Function dot_function() {
  return {"dot", 2, "the inner product of two vectors",
          [](const FunctionArgs& args) {
            require_rank(args, 1, "dot");
            elementwise_type(args.types[0], args.types[1], "dot", args.sizes);
            return joined(args, {});
          },
          [](const Vars& v, Types) { return vector_sum(v[0] * v[1]); }};
}

Function outer_function() {
  return {"outer", 2, "the matrix a_i b_j of two vectors",
          [](const FunctionArgs& args) {
            require_rank(args, 1, "outer");
            return joined(args, {args.types[0].shape[0], args.types[1].shape[0]});
          },
          [](const Vars& v, Types types) { return outer_product(v[0], v[1], types[0], types[1]); }};
}

Function concat_function() {
  return {"concat", Function::any_arity, "vectors one after the other",
          [](const FunctionArgs& args) {
            require_rank(args, 1, "concat");
            Size total;
            for (const Type& type : args.types) total = total + args.sizes.resolve(type.shape[0]);
            return joined(args, {total});
          },
          [](const Vars& v, Types types) { return concat(equally_batched(v, types), -1); }};
}

Function transpose_function() {
  return {"transpose", 1, "of a matrix",
          [](const FunctionArgs& args) {
            require_rank(args, 2, "transpose");
            return joined(args, {args.types[0].shape[1], args.types[0].shape[0]});
          },
          [](const Vars& v, Types) { return transpose(v[0]); }};
}

Type unary_type(const FunctionArgs& args) { return joined(args, args.types[0].shape); }

Type common_type(const FunctionArgs& args, const std::string& name) {
  Type type = args.types[0];
  for (const Type& other : args.types.subspan(1)) type = elementwise_type(type, other, name, args.sizes);
  return type;
}

std::vector<Function> make_functions() {
  std::vector<Function> functions;
  for (const Op* op : op_table())
    if (op->elementwise()) functions.push_back(elementwise_function(*op));
  functions.push_back(of_vector("softmax", "e^v over its sum", [](Var v) { return softmax(v); }));
  functions.push_back(of_vector("layer_norm", "mean 0, variance 1 over the units", layer_norm));
  functions.push_back(to_number("sum", "of a vector's elements", vector_sum));
  functions.push_back(to_number("mean", "of a vector's elements", vector_mean));
  functions.push_back(to_number("norm", "Euclidean; of the zero vector 1e-15, with gradient 0", vector_norm));
  functions.push_back(dot_function());
  functions.push_back(outer_function());
  functions.push_back(concat_function());
  functions.push_back(transpose_function());
  return functions;
}

}  // namespace

Function elementwise_function(const Op& op) {
  const std::string name(op.name);
  return {name, op.operands.size(), "elementwise",
          [name](const FunctionArgs& args) {
            return args.types.size() == 1 ? unary_type(args) : common_type(args, name);
          },
          [&op](const Vars& v, Types types) { return record(op, equally_ranked(v, types)); }};
}

const Function* FunctionTable::find(std::string_view name) const {
  const std::string_view wanted = name == "σ" ? "sigmoid" : name;
  const auto found = std::ranges::find(functions_, wanted, &Function::name);
  return found == functions_.end() ? nullptr : &*found;
}

std::vector<std::string> FunctionTable::names() const {
  std::vector<std::string> all;
  for (const Function& f : functions_) all.push_back(f.name);
  return all;
}

const FunctionTable& standard_functions() {
  static const FunctionTable table(make_functions());
  return table;
}

}  // namespace unroll
