#include <map>
#include <optional>
#include <set>
#include <utility>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// (count, m, k) times (count, k, n), whatever is transposed in memory.
struct BatchOfProducts {
  Dim count, m, n, k;
};

std::optional<BatchOfProducts> batch_of_products(const Compute& compute, const Program& program) {
  if (compute.op->rows != Rows::product) return std::nullopt;
  const Dims &a = program.dims(compute.in[0]), &out = program.dims(compute.out);
  if (a.size() != 3) return std::nullopt;
  return BatchOfProducts{out[0], out[1], out[2], a[compute.attrs.as<MatmulAttrs>().transpose_a ? 1 : 2]};
}

/// Writes the products in one piece of code anew. What the code shows in a shape that a product has needed
/// before goes into `made_again`.
class VectorProducts {
 public:
  using Again = std::vector<std::pair<Id, Id>>;

  VectorProducts(Program& program, Code& code, Again& made_again)
      : program_(program), code_(code), made_again_(made_again) {}

  void run() {
    Code before = std::move(code_);
    code_.clear();
    for (Instruction& instruction : before) {
      if (Loop* loop = instruction.loop()) VectorProducts(program_, loop->body, made_again_).run();
      const Compute* compute = instruction.compute();
      if (compute && compute->op->rows == Rows::reshape && compute->onto == none) note(*compute);
      if (!compute || !replace(*compute)) code_.push_back(std::move(instruction));
    }
  }

 private:
  using Shapes = std::vector<std::pair<Dims, Id>>;

  /// What shows the same elements in other shapes.
  void note(const Compute& reshape) {
    const Id from = source_[reshape.out] = source(reshape.in[0]);
    const Dims& dims = program_.dims(reshape.out);
    if (const Id first = known(from, dims); made_.contains(first))
      made_again_.push_back({reshape.out, first});
    shapes_[from].push_back({dims, reshape.out});
  }
  Id known(Id from, const Dims& dims) {
    for (const auto& [shape, id] : shapes_[from])
      if (shape == dims) return id;
    return none;
  }
  Id source(Id value) const {
    const auto found = source_.find(value);
    return found == source_.end() ? value : found->second;
  }

  Id shaped(Id value, const Dims& dims) {
    const Id from = source(value);
    if (program_.dims(value) == dims) return value;
    if (program_.dims(from) == dims) return from;
    if (const Id first = known(from, dims); first != none) return first;
    const Id made = append_reshape(program_, code_, from, dims);
    made_.insert(made);
    source_[made] = from;
    shapes_[from].push_back({dims, made});
    return made;
  }

  bool replace(const Compute& compute) {
    const auto product = batch_of_products(compute, program_);
    if (!product) return false;
    const auto [count, m, n, k] = *product;
    const auto [transpose_a, transpose_b] = compute.attrs.as<MatmulAttrs>();
    if (k == Dim(1)) return outer(compute, *product);
    if (n == Dim(1)) {
      const Dims matrix = program_.dims(compute.in[0]);
      return inner(compute, compute.in[0], compute.in[1], matrix, transpose_a ? 1 : 2);
    }
    if (m == Dim(1)) {
      const Dims matrix = program_.dims(compute.in[1]);
      return inner(compute, compute.in[1], compute.in[0], matrix, transpose_b ? 2 : 1);
    }
    return false;
  }

  bool outer(const Compute& compute, const BatchOfProducts& product) {
    const auto& [count, m, n, k] = product;
    if (!of_rows(program_.dims(compute.out))) return false;
    const Id a = shaped(compute.in[0], {count, m, 1}), b = shaped(compute.in[1], {count, 1, n});
    finish(compute, append(program_, code_, mul_op(), {a, b}));
    return true;
  }

  /// The matrix times the vector, summed along one of its axes.
  bool inner(const Compute& compute, Id matrix, Id vector, const Dims& dims, std::size_t axis) {
    if (!of_rows(dims)) return false;
    Dims along(3, Dim(1)), rest = dims;
    along[0] = dims[0], along[axis] = dims[axis], rest[axis] = 1;
    const Id product = append(program_, code_, mul_op(), {matrix, shaped(vector, along)});
    const Id sum = append(program_, code_, sum_to_op(), {product}, DimsAttrs{rest});
    finish(compute, append_reshape(program_, code_, sum, program_.dims(compute.out)));
    return true;
  }

  /// The last instruction's result is that of the product, or what is added to its total.
  void finish(const Compute& compute, Id made) {
    if (compute.onto != none) append(program_, code_, add_op(), {compute.onto, made});
    Compute& last = *code_.back().compute();
    last.out = compute.out;
    if (last.op->rows == Rows::reshape) note(last);
  }

  Program& program_;
  Code& code_;
  Again& made_again_;
  std::map<Id, Id> source_;  ///< of what is reshaped
  std::map<Id, Shapes> shapes_;
  std::set<Id> made_;  ///< for products
};

}  // namespace

void vector_products(Program& program) {
  VectorProducts::Again made_again;
  VectorProducts(program, program.code, made_again).run();
  for (const auto& [again, first] : made_again) replace_reads(program, again, first);
  remove_dead(program);
}

}  // namespace unroll::passes
