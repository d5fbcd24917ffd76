#include <span>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/random/counter.hpp"

namespace unroll {
namespace {

/// Operands: update, time step, first global batch row; attrs: seed, layer, probability of a one.
constexpr auto mask_kernel = [](const auto& c) {
  const std::int64_t units = c.out_shape->back(), rows = (*c.out_shape)[0];
  const std::uint64_t threshold = keep_threshold(c.attrs.scalar);
  const std::span<std::uint32_t> bits(reinterpret_cast<std::uint32_t*>(c.workspace.data()), units);
  MaskRow where{c.attrs.seed, c.attrs.layer, static_cast<std::uint32_t>(c.integer(0)[0]),
                static_cast<std::uint32_t>(c.integer(1)[0]), 0};
  for (std::int64_t r = 0; r < rows; ++r) {
    where.row = static_cast<std::uint32_t>(c.integer(2)[0] + r);
    mask_bits(where, bits);
    for (std::int64_t u = 0; u < units; ++u) c.out[r * units + u] = bits[u] < threshold ? 1 : 0;
  }
};

std::size_t mask_workspace(const Shape& out) {
  return static_cast<std::size_t>(out.back()) * sizeof(std::uint32_t);
}

Dims mask_shape(const ShapeArgs& args) {
  if (args.attrs.dims.size() != 2) shape_error(args, "a mask has two axes, (rows, units)");
  for (const Dims& operand : args.in)
    if (!operand.empty()) shape_error(args, "update, time step and first row are scalars");
  return args.attrs.dims;
}

constexpr Op random_table[] = {
    Op{.name = "random_mask",
       .arity = 3,
       .shape = mask_shape,
       .forward = forward(mask_kernel),
       .constant_because = "its operands are counters",
       .kinds = {Kind::integer, Kind::integer, Kind::integer},
       .workspace = [](auto, const Shape& out, std::size_t) { return mask_workspace(out); }},
};

}  // namespace

std::span<const Op> random_rows() { return random_table; }

Var random_mask(Var update, Var time_step, Var first_row, Dims dims, double keep, std::uint64_t seed,
                std::uint32_t layer) {
  keep_threshold(keep);  // throws on a probability outside [0, 1] now, not when the plan runs
  Attrs attrs;
  attrs.dims = std::move(dims);
  attrs.scalar = keep;
  attrs.seed = seed;
  attrs.layer = layer;
  return record(random_table[0], {update, time_step, first_row}, std::move(attrs));
}

}  // namespace unroll
