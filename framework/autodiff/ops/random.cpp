#include <span>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/random/counter.hpp"

namespace unroll {
namespace {

/// Where a row of numbers is drawn from, and how many rows of how many units.
struct NormalAttrs {
  Dims dims = {};  ///< (rows, units)
  std::uint64_t seed = 0;
  std::uint64_t layer = 0;
  static constexpr auto fields =
      std::tuple(field("dims", &NormalAttrs::dims), field("seed", &NormalAttrs::seed),
                 field("layer", &NormalAttrs::layer));
};

struct MaskAttrs {
  Dims dims = {};   ///< (rows, units)
  double keep = 0;  ///< the probability of a one
  std::uint64_t seed = 0;
  std::uint64_t layer = 0;
  static constexpr auto fields =
      std::tuple(field("dims", &MaskAttrs::dims), field("keep", &MaskAttrs::keep),
                 field("seed", &MaskAttrs::seed), field("layer", &MaskAttrs::layer));
};

/// `fill(where, out)` for each row of the result. Operands: update, time step, first global batch row.
template <class Call, class Attrs, class Fill>
void fill_rows(const Call& c, const Attrs& attrs, Fill fill) {
  const std::int64_t units = c.out_shape->back(), rows = (*c.out_shape)[0];
  RandomRow where{attrs.seed, static_cast<std::uint32_t>(attrs.layer),
                  static_cast<std::uint32_t>(c.integer(0)[0]), static_cast<std::uint32_t>(c.integer(1)[0]),
                  0};
  for (std::int64_t r = 0; r < rows; ++r) {
    where.row = static_cast<std::uint32_t>(c.integer(2)[0] + r);
    fill(where, c.out + r * units);
  }
}

/// Scratch memory for one row of what is drawn.
template <class T, class Call>
std::span<T> row_of(const Call& c) {
  return {reinterpret_cast<T*>(c.workspace.data()), static_cast<std::size_t>(c.out_shape->back())};
}
template <class T>
std::size_t bytes_of_row(std::span<const Shape* const>, const Shape& out, std::size_t) {
  return static_cast<std::size_t>(out.back()) * sizeof(T);
}

constexpr auto mask_kernel = [](const auto& c) {
  const auto& attrs = c.attrs.template as<MaskAttrs>();
  const std::uint64_t threshold = keep_threshold(attrs.keep);
  const std::span<std::uint32_t> bits = row_of<std::uint32_t>(c);
  fill_rows(c, attrs, [&](const RandomRow& where, auto* out) {
    mask_bits(where, bits);
    for (std::size_t u = 0; u < bits.size(); ++u) out[u] = bits[u] < threshold ? 1 : 0;
  });
};

constexpr auto normal_kernel = [](const auto& c) {
  using Real = std::decay_t<decltype(*c.out)>;
  const std::span<double> numbers = row_of<double>(c);
  fill_rows(c, c.attrs.template as<NormalAttrs>(), [&](const RandomRow& where, auto* out) {
    normal_numbers(where, numbers);
    for (std::size_t u = 0; u < numbers.size(); ++u) out[u] = static_cast<Real>(numbers[u]);
  });
};

template <class Attrs>
Dims random_shape(const ShapeArgs& args) {
  const Dims& dims = args.attrs.as<Attrs>().dims;
  if (dims.size() != 2) shape_error(args, "the result has two axes, (rows, units)");
  for (const Dims& operand : args.in)
    if (!operand.empty()) shape_error(args, "update, time step and first row are scalars");
  return dims;
}

constexpr OperandSpec counter{.kind = Kind::integer, .constant_because = "it is a counter"};

enum RandomRow { mask_row, normal_row };

constexpr Op random_table[] = {
    Op{.name = "random_mask",
       .operands = {counter, counter, counter},
       .shape = random_shape<MaskAttrs>,
       .forward = forward(mask_kernel),
       .attrs = &attrs_type<MaskAttrs>,
       .workspace = bytes_of_row<std::uint32_t>},
    Op{.name = "random_normal",
       .operands = {counter, counter, counter},
       .shape = random_shape<NormalAttrs>,
       .forward = forward(normal_kernel),
       .attrs = &attrs_type<NormalAttrs>,
       .workspace = bytes_of_row<double>},
};

}  // namespace

std::span<const Op> random_rows() { return random_table; }

Var random_mask(Var update, Var time_step, Var first_row, Dims dims, double keep, std::uint64_t seed,
                std::uint32_t layer) {
  keep_threshold(keep);  // throws on a probability outside [0, 1] now, not when the plan runs
  return record(random_table[mask_row], {update, time_step, first_row},
                MaskAttrs{std::move(dims), keep, seed, layer});
}

Var random_normal(Var update, Var time_step, Var first_row, Dims dims, std::uint64_t seed,
                  std::uint32_t layer) {
  return record(random_table[normal_row], {update, time_step, first_row},
                NormalAttrs{std::move(dims), seed, layer});
}

}  // namespace unroll
