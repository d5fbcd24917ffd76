#include <span>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/random/counter.hpp"

namespace unroll {
namespace {

struct MaskAttrs {
  Dims dims = {};   ///< (rows, units)
  double keep = 0;  ///< the probability of a one
  std::uint64_t seed = 0;
  std::uint64_t layer = 0;
  static constexpr auto fields =
      std::tuple(field("dims", &MaskAttrs::dims), field("keep", &MaskAttrs::keep),
                 field("seed", &MaskAttrs::seed), field("layer", &MaskAttrs::layer));
};

/// Operands: update, time step, first global batch row.
constexpr auto mask_kernel = [](const auto& c) {
  const auto& attrs = c.attrs.template as<MaskAttrs>();
  const std::int64_t units = c.out_shape->back(), rows = (*c.out_shape)[0];
  const std::uint64_t threshold = keep_threshold(attrs.keep);
  const std::span<std::uint32_t> bits(reinterpret_cast<std::uint32_t*>(c.workspace.data()), units);
  MaskRow where{attrs.seed, static_cast<std::uint32_t>(attrs.layer),
                static_cast<std::uint32_t>(c.integer(0)[0]), static_cast<std::uint32_t>(c.integer(1)[0]), 0};
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
  const Dims& dims = args.attrs.as<MaskAttrs>().dims;
  if (dims.size() != 2) shape_error(args, "a mask has two axes, (rows, units)");
  for (const Dims& operand : args.in)
    if (!operand.empty()) shape_error(args, "update, time step and first row are scalars");
  return dims;
}

constexpr OperandSpec counter{.kind = Kind::integer, .constant_because = "it is a counter"};

constexpr Op random_table[] = {
    Op{.name = "random_mask",
       .operands = {counter, counter, counter},
       .shape = mask_shape,
       .forward = forward(mask_kernel),
       .attrs = &attrs_type<MaskAttrs>,
       .workspace = [](auto, const Shape& out, std::size_t) { return mask_workspace(out); }},
};

}  // namespace

std::span<const Op> random_rows() { return random_table; }

Var random_mask(Var update, Var time_step, Var first_row, Dims dims, double keep, std::uint64_t seed,
                std::uint32_t layer) {
  keep_threshold(keep);  // throws on a probability outside [0, 1] now, not when the plan runs
  return record(random_table[0], {update, time_step, first_row},
                MaskAttrs{std::move(dims), keep, seed, layer});
}

}  // namespace unroll
