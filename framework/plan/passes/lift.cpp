#include "framework/plan/passes/lift.hpp"
#include "framework/autodiff/ops/products.hpp"

#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/edit.hpp"

namespace unroll::passes {

using namespace ir;

namespace {

constexpr Dim R = Dim::block();

bool all(const std::vector<bool>& flags) { return std::ranges::find(flags, false) == flags.end(); }
bool any(const std::vector<bool>& flags) { return std::ranges::find(flags, true) != flags.end(); }

/// (R, ...) with axes of extent 1 behind R, so that the rest stands at the right of `rank` axes.
Dims over_block(const Dims& dims, std::size_t rank) {
  Dims result{R};
  result.insert(result.end(), rank - dims.size(), Dim(1));
  result.insert(result.end(), dims.begin(), dims.end());
  return result;
}

/// The steps' rows as rows of one matrix.
Dims as_rows(const Dims& matrix) { return {R * matrix[0], matrix[1]}; }

bool can_lift_product(const Compute& product, const Program& program, const std::vector<bool>& stacked) {
  if (program.dims(product.in[0]).size() != 2 || !stacked[0]) return false;
  return stacked[1] || !product.attrs.as<MatmulAttrs>().transpose_a;
}

/// The ranks that operands and the result are filled up to: those of the two that must broadcast.
std::size_t operand_rank(const Compute& compute, const Program& program, std::size_t i) {
  const std::size_t own = program.dims(compute.in[i]).size(), result = program.dims(compute.out).size();
  const bool spreads = compute.op->rows == Rows::elementwise || compute.op->rows == Rows::spread;
  return spreads ? std::max(own, result) : own;
}
std::size_t result_rank(const Compute& compute, const Program& program) {
  const std::size_t own = program.dims(compute.out).size();
  return compute.op->rows == Rows::sum ? std::max(own, program.dims(compute.in[0]).size()) : own;
}

Attrs lifted_attrs(const Compute& compute, const Dims& out) {
  return compute.op->behind_rows ? compute.op->behind_rows(compute.attrs) : attrs_for(compute, out);
}

}  // namespace

Dims over_block(const Dims& dims) { return over_block(dims, dims.size()); }

bool can_lift(const Compute& compute, const Program& program, const std::vector<bool>& stacked) {
  switch (compute.op->rows) {
    case Rows::none:
    case Rows::scatter:
      return false;
    case Rows::elementwise:
      return any(stacked);
    case Rows::last_axis:
    case Rows::reshape:
    case Rows::spread:
    case Rows::sum:
    case Rows::axes:
      return all(stacked);
    case Rows::table:
      return !stacked[0] && std::all_of(stacked.begin() + 1, stacked.end(), [](bool s) { return s; });
    case Rows::product:
      return can_lift_product(compute, program, stacked);
  }
  return false;
}

Id lift(const Compute& compute, const BlockOperands& operands, Program& program, Code& block) {
  std::vector<Id> in = operands.in;
  const Rows rows = compute.op->rows;
  const Dims stacked = over_block(program.dims(compute.out));
  Dims out = stacked;
  if (rows == Rows::product && !operands.stacked[1]) {
    in[0] = append_reshape(program, block, in[0], as_rows(program.dims(compute.in[0])));
  } else if (rows != Rows::product && rows != Rows::table && rows != Rows::last_axis) {
    for (std::size_t i = 0; i < in.size(); ++i)
      if (operands.stacked[i])
        in[i] = append_reshape(program, block, in[i],
                               over_block(program.dims(compute.in[i]), operand_rank(compute, program, i)));
    out = over_block(program.dims(compute.out), result_rank(compute, program));
  }
  const Id made = append(program, block, *compute.op, std::move(in), lifted_attrs(compute, out));
  program.values[made].name = program.values[compute.out].name;
  return append_reshape(program, block, made, stacked);
}

bool can_lift_sum(const Compute& compute, const Program& program, const std::vector<bool>& stacked) {
  if (!compute.op->accumulates || compute.op->rows == Rows::last_axis || !all(stacked)) return false;
  if (compute.op->rows != Rows::product) return true;
  const MatmulAttrs& attrs = compute.attrs.as<MatmulAttrs>();
  return program.dims(compute.in[0]).size() == 2 && attrs.transpose_a && !attrs.transpose_b;
}

Id lift_sum(const Compute& compute, const BlockOperands& operands, Id onto, Program& program, Code& block) {
  std::vector<Id> in = operands.in;
  if (compute.op->rows == Rows::product)
    for (std::size_t i = 0; i < 2; ++i)
      in[i] = append_reshape(program, block, in[i], as_rows(program.dims(compute.in[i])));
  const Id out = append(program, block, *compute.op, std::move(in), compute.attrs);
  block.back().compute()->onto = onto;
  return out;
}

}  // namespace unroll::passes
