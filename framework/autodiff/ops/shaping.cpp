#include "framework/autodiff/ops/shaping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/copy.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"
#include "framework/tensor/transpose.hpp"

namespace unroll {
namespace {

using P = const Pullback&;

Dims reshaped(const ShapeArgs& args) {
  const Dims& dims = args.attrs.as<DimsAttrs>().dims;
  if (numel(args.in[0]) != numel(dims))
    shape_error(args, "it holds " + to_string(numel(args.in[0])) + " elements and " + to_string(dims) +
                          " holds " + to_string(numel(dims)));
  return dims;
}

Dims permuted(const ShapeArgs& args) {
  const Dims& x = args.in[0];
  const auto& permutation = args.attrs.as<TransposeAttrs>().permutation;
  std::vector<bool> seen(x.size(), false);
  if (permutation.size() != x.size()) shape_error(args, "the permutation must name every axis once");
  Dims result;
  for (const std::int64_t axis : permutation) {
    if (axis < 0 || axis >= static_cast<std::int64_t>(x.size()) || seen[axis])
      shape_error(args, "the permutation must name every axis once");
    seen[axis] = true;
    result.push_back(x[axis]);
  }
  return result;
}

/// Copies in the order of the result, with the operand's strides permuted; the last axis is the inner loop.
constexpr auto transpose_kernel = [](const auto& c) {
  const Shape &in = c.shape(0), &out = *c.out_shape;
  const auto& permutation = c.attrs.template as<TransposeAttrs>().permutation;
  const std::size_t rank = out.rank();
  const std::int64_t total = out.numel();
  if (rank < 2 || total == 0) {
    std::copy_n(c.real(0), total, c.out);
    return;
  }
  if (rank == 2 && permutation[0] == 1) return transpose_matrix(c.real(0), in[0], in[1], c.out);
  std::int64_t strides[max_rank], index[max_rank] = {};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    strides[axis] = 1;
    for (std::size_t i = permutation[axis] + 1; i < rank; ++i) strides[axis] *= in[i];
  }
  const std::int64_t n = out[rank - 1], step = strides[rank - 1];
  const auto* x = c.real(0);
  for (std::int64_t row = 0, at = 0; row < total; row += n) {
    for (std::int64_t i = 0; i < n; ++i) c.out[row + i] = x[at + i * step];
    for (std::size_t axis = rank - 1; axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < out[axis]) break;
      at -= strides[axis] * out[axis];
      index[axis] = 0;
    }
  }
};

std::vector<std::int64_t> inverse(const std::vector<std::int64_t>& permutation) {
  std::vector<std::int64_t> result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i) result[permutation[i]] = static_cast<std::int64_t>(i);
  return result;
}

/// begin + length <= total, or 0 where it begins at so many from the end.
bool fits(Dim begin, Dim length, Dim total) {
  if (begin == Dim(0) && length == total) return true;
  const std::optional<Dim> end = sum(begin, length);
  if (!end || length.number() < 0) return false;
  if (begin.number() < 0)
    return begin.fixed() && end->fixed() && end->number() <= 0 &&
           (!total.fixed() || -begin.number() <= total.number());
  const bool number_of_size = end->fixed() && !total.fixed();
  const bool comparable = sum(*end, total).has_value();  // the same powers of T and B
  return number_of_size || (comparable && end->number() <= total.number());
}

/// What cannot be told before T and B are known is refused, but for so many elements of T or B: whether there
/// are as many is seen when it is run.
void check_range(const ShapeArgs& args, Dim begin, Dim length, Dim total) {
  if (fits(begin, length, total)) return;
  throw ShapeError(fmt::format("[{}] {} elements from {} on do not fit into {} along this axis of {}",
                               args.op, to_string(length), to_string(begin), to_string(total),
                               to_string(args.in[0])));
}

/// The operand's shape with another extent along the axis: less of it (slice), or more (pad).
template <bool less>
Dims ranged(const ShapeArgs& args) {
  const auto& [axis, begin, extent] = args.attrs.as<RangeAttrs>();
  Dims dims = args.in[0];
  Dim& here = dims[normal_axis(args.op, dims, axis)];
  check_range(args, begin, less ? extent : here, less ? here : extent);
  here = extent;
  return dims;
}

/// Where a range of `length` begins among `elements`.
std::int64_t begin_of(const char* op, const RangeAttrs& range, std::int64_t length, std::int64_t elements,
                      Sizes sizes) {
  const std::int64_t first = range.first_of(elements, sizes);
  if (first >= 0 && first + length <= elements) return first;
  throw std::out_of_range(fmt::format(
      "[{}] a range of {} from {} on does not fit into the {} that axis {} has in this run, with T = "
      "{} and B = {}; are there too few steps or sequences?",
      op, length, to_string(range.begin), elements, range.axis, sizes.time, sizes.batch));
}

constexpr auto slice_kernel = [](const auto& c) {
  const RangeAttrs& range = c.attrs.template as<RangeAttrs>();
  const auto [outer, extent, inner] = split_at(c.shape(0), range.axis);
  const std::int64_t length = (*c.out_shape)[range.axis], kept = length * inner;
  const std::int64_t begin = begin_of("slice", range, length, extent, c.sizes) * inner;
  if (kept == 1) {  // a column: a call for each element would take longer than the elements
    for (std::int64_t i = 0; i < outer; ++i) c.out[i] = c.real(0)[i * extent * inner + begin];
    return;
  }
  for (std::int64_t i = 0; i < outer; ++i)
    std::copy_n(c.real(0) + i * extent * inner + begin, kept, c.out + i * kept);
};

constexpr auto pad_kernel = [](const auto& c) {
  const RangeAttrs& range = c.attrs.template as<RangeAttrs>();
  const auto [outer, extent, inner] = split_at(c.shape(0), range.axis);
  const std::int64_t total = (*c.out_shape)[range.axis], row = total * inner;
  const std::int64_t begin = begin_of("pad", range, extent, total, c.sizes) * inner, part = extent * inner;
  if (!c.accumulate) std::fill_n(c.out, c.out_shape->numel(), 0);
  for (std::int64_t i = 0; i < outer; ++i) {
    const auto *from = c.real(0) + i * part, *end = from + part;
    auto* to = c.out + i * row + begin;
    c.accumulate ? std::transform(from, end, to, to, std::plus()) : std::copy(from, end, to);
  }
};

Dims concatenated(const ShapeArgs& args) {
  if (args.in.empty()) shape_error(args, "nothing to join");
  Dims result = args.in[0];
  const std::size_t axis = normal_axis(args.op, result, args.attrs.as<ConcatAttrs>().axis);
  for (std::size_t i = 1; i < args.in.size(); ++i) {
    Dims expected = result, part = args.in[i];
    if (part.size() != result.size()) shape_error(args, "all parts need the same number of axes");
    expected[axis] = part[axis] = 1;
    if (expected != part) shape_error(args, fmt::format("all extents but axis {}'s must be equal", axis));
    const std::optional<Dim> total = sum(result[axis], args.in[i][axis]);
    if (!total) shape_error(args, "the joined extent must be one number times T and B");
    result[axis] = *total;
  }
  return result;
}

constexpr auto concat_kernel = [](const auto& c) {
  const std::int64_t axis = c.attrs.template as<ConcatAttrs>().axis;
  const auto [outer, extent, inner] = split_at(*c.out_shape, axis);
  auto* out = c.out;
  for (std::int64_t i = 0; i < outer; ++i)
    for (std::size_t part = 0; part < c.in.size(); ++part) {
      const std::int64_t n = c.shape(part)[axis] * inner;
      out = std::copy_n(c.real(part) + i * n, n, out);
    }
};

template <class S>
Attrs with_axis_moved(const Attrs& attrs) {
  S moved = attrs.as<S>();
  ++moved.axis;
  return moved;
}

Attrs with_permutation_moved(const Attrs& attrs) {
  TransposeAttrs moved{{0}};
  for (const std::int64_t axis : attrs.as<TransposeAttrs>().permutation)
    moved.permutation.push_back(axis + 1);
  return moved;
}

Var slice_vjp(P p) {
  const auto& [axis, begin, extent] = p.attrs().as<RangeAttrs>();
  return pad(p.g(), axis, begin, p.dims(0)[axis]);
}

Var pad_vjp(P p) {
  const auto& [axis, begin, extent] = p.attrs().as<RangeAttrs>();
  return slice(p.g(), axis, begin, p.dims(0)[axis]);
}

Var concat_vjp(P p) {
  const std::int64_t axis = p.attrs().as<ConcatAttrs>().axis;
  Dim begin = 0;
  for (std::size_t i = 0; i < p.operand(); ++i) begin = *sum(begin, p.dims(i)[axis]);
  return slice(p.g(), axis, begin, p.dims(p.operand())[axis]);
}

enum ShapingRow { reshape_row, index_reshape_row, transpose_row, slice_row, pad_row, concat_row };

constexpr Op shaping_table[] = {
    Op{.name = "reshape",
       .operands = {{.vjp = [](P p) { return reshape(p.g(), p.dims(0)); }}},
       .shape = reshaped,
       .forward = copy_forward,
       .attrs = &attrs_type<DimsAttrs>,
       .rows = Rows::reshape},
    Op{.name = "index_reshape",
       .operands = {{.kind = Kind::integer}},
       .result = Kind::integer,
       .shape = reshaped,
       .forward = copy_indices_forward,
       .attrs = &attrs_type<DimsAttrs>,
       .rows = Rows::reshape},
    Op{.name = "transpose",
       .operands = {{.vjp =
                         [](P p) {
                           return transpose(p.g(), inverse(p.attrs().as<TransposeAttrs>().permutation));
                         }}},
       .shape = permuted,
       .forward = forward(transpose_kernel),
       .attrs = &attrs_type<TransposeAttrs>,
       .rows = Rows::axes,
       .behind_rows = with_permutation_moved},
    Op{.name = "slice",
       .operands = {{.vjp = slice_vjp}},
       .shape = ranged<true>,
       .forward = forward(slice_kernel),
       .attrs = &attrs_type<RangeAttrs>,
       .rows = Rows::axes,
       .behind_rows = with_axis_moved<RangeAttrs>},
    Op{.name = "pad",
       .operands = {{.vjp = pad_vjp}},
       .shape = ranged<false>,
       .forward = forward(pad_kernel),
       .attrs = &attrs_type<RangeAttrs>,
       .rows = Rows::axes,
       .behind_rows = with_axis_moved<RangeAttrs>,
       .accumulates = true},
    Op{.name = "concat",
       .operands = OperandSpecs::any({.vjp = concat_vjp}),
       .shape = concatenated,
       .forward = forward(concat_kernel),
       .attrs = &attrs_type<ConcatAttrs>,
       .rows = Rows::axes,
       .behind_rows = with_axis_moved<ConcatAttrs>},
};

Var record_range(ShapingRow row, Var x, std::int64_t axis, Dim begin, Dim extent) {
  const Op& op = shaping_table[row];
  const auto at = static_cast<std::int64_t>(normal_axis(op.name, x.dims(), axis));
  return record(op, {x}, RangeAttrs{at, begin, extent});
}

}  // namespace

std::span<const Op> shaping_rows() { return shaping_table; }
const Op& reshape_op(Kind kind) {
  return shaping_table[kind == Kind::real ? reshape_row : index_reshape_row];
}
const Op& slice_op() { return shaping_table[slice_row]; }
const Op& concat_op() { return shaping_table[concat_row]; }
const Op& transpose_op() { return shaping_table[transpose_row]; }

Var reshape(Var x, Dims dims) {
  if (x.dims() == dims) return x;
  return record(reshape_op(x.tape().value(x.id()).kind), {x}, DimsAttrs{std::move(dims)});
}

Var transpose(Var x, std::vector<std::int64_t> permutation) {
  return record(shaping_table[transpose_row], {x}, TransposeAttrs{std::move(permutation)});
}

Var transpose(Var x) {
  if (x.rank() < 2) throw ShapeError("[transpose] shape " + to_string(x.dims()) + " has no two axes to swap");
  std::vector<std::int64_t> permutation(x.rank());
  for (std::size_t i = 0; i < x.rank(); ++i) permutation[i] = static_cast<std::int64_t>(i);
  std::swap(permutation[x.rank() - 1], permutation[x.rank() - 2]);
  return transpose(x, std::move(permutation));
}

Var slice(Var x, std::int64_t axis, Dim begin, Dim length) {
  return record_range(slice_row, x, axis, begin, length);
}

Var pad(Var x, std::int64_t axis, Dim begin, Dim total) {
  return record_range(pad_row, x, axis, begin, total);
}

Var concat(const std::vector<Var>& parts, std::int64_t axis) {
  if (parts.empty()) throw ShapeError("[concat] nothing to join");
  const std::size_t at = normal_axis("concat", parts[0].dims(), axis);
  return record(shaping_table[concat_row], parts, ConcatAttrs{static_cast<std::int64_t>(at)});
}

}  // namespace unroll
