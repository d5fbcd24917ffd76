#include "framework/autodiff/ops/indexing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shape_rules.hpp"

namespace unroll {
namespace {

using P = const Pullback&;

std::int64_t checked(std::string_view op, std::int64_t index, std::int64_t at, std::int64_t limit) {
  if (index < 0 || index >= limit)
    throw std::out_of_range(
        fmt::format("[{}] index {} at position {} is outside 0..{}; is the vocabulary or the number "
                    "of classes smaller than the data's?",
                    op, index, at, limit - 1));
  return index;
}

Dims gathered(const ShapeArgs& args) {
  if (args.in[0].empty()) shape_error(args, "a table needs at least one axis");
  Dims result = args.in[1];
  result.insert(result.end(), args.in[0].begin() + 1, args.in[0].end());
  return result;
}

constexpr auto gather_kernel = [](const auto& c) {
  const std::int64_t rows = c.shape(0)[0], n = rows == 0 ? 0 : c.shape(0).numel() / rows;
  for (std::int64_t i = 0; i < c.shape(1).numel(); ++i)
    std::copy_n(c.real(0) + checked("gather", c.integer(1)[i], i, rows) * n, n, c.out + i * n);
};

/// The number of rows, then the rest of the shape is the updates' behind the index axes.
Dims scattered(const ShapeArgs& args) {
  const Dims &index = args.in[0], &updates = args.in[1];
  if (updates.size() < index.size() || !std::equal(index.begin(), index.end(), updates.begin()))
    shape_error(args, "the updates' first axes must be the indices' axes");
  Dims result = {args.attrs.as<ExtentAttrs>().extent};
  result.insert(result.end(), updates.begin() + static_cast<std::ptrdiff_t>(index.size()), updates.end());
  return result;
}

constexpr auto scatter_kernel = [](const auto& c) {
  const std::int64_t rows = (*c.out_shape)[0], count = c.shape(0).numel();
  const std::int64_t n = count == 0 ? 0 : c.shape(1).numel() / count;
  if (!c.accumulate) std::fill_n(c.out, c.out_shape->numel(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    auto* row = c.out + checked("scatter_add", c.integer(0)[i], i, rows) * n;
    for (std::int64_t j = 0; j < n; ++j) row[j] += c.real(1)[i * n + j];
  }
};

Dims picked(const ShapeArgs& args) {
  Dims rows = args.in[0];
  if (!rows.empty()) rows.pop_back();
  if (args.in[0].empty() || rows != args.in[1])
    shape_error(args, "one index is wanted for each row of the last axis");
  return args.in[1];
}

constexpr auto pick_kernel = [](const auto& c) {
  const std::int64_t n = c.shape(0).back();
  for (std::int64_t i = 0; i < c.shape(1).numel(); ++i)
    c.out[i] = c.real(0)[i * n + checked("pick", c.integer(1)[i], i, n)];
};

Dims placed(const ShapeArgs& args) {
  if (args.in[0] != args.in[1]) shape_error(args, "one index is wanted for each value");
  Dims result = args.in[0];
  result.push_back(args.attrs.as<ExtentAttrs>().extent);
  return result;
}

constexpr auto place_kernel = [](const auto& c) {
  const std::int64_t n = c.out_shape->back();
  if (!c.accumulate) std::fill_n(c.out, c.out_shape->numel(), 0);
  for (std::int64_t i = 0; i < c.shape(1).numel(); ++i) {
    auto& y = c.out[i * n + checked("place", c.integer(1)[i], i, n)];
    y = c.accumulate ? y + c.real(0)[i] : c.real(0)[i];
  }
};

/// Of nothing there is no largest.
Dims argmax_shape(const ShapeArgs& args) {
  if (args.in[0].empty() || args.in[0].back() == Dim(0))
    shape_error(args, "a last axis with at least one element is needed");
  return {args.in[0].begin(), args.in[0].end() - 1};
}

/// The first of equal ones; a NaN counts as larger than any number.
constexpr auto argmax_kernel = [](const auto& c) {
  const std::int64_t n = c.shape(0).back(), rows = c.out_shape->numel();
  if (n == 0 && rows > 0)
    throw std::out_of_range("[argmax] a row without elements has no largest; is a sequence empty?");
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto* row = c.real(0) + r * n;
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < n && row[best] == row[best]; ++i)
      if (!(row[i] <= row[best])) best = i;
    c.integer_out()[r] = best;
  }
};

constexpr auto as_real_kernel = [](const auto& c) {
  using Real = std::decay_t<decltype(*c.out)>;
  std::transform(c.integer(0), c.integer(0) + c.out_shape->numel(), c.out,
                 [](std::int64_t i) { return static_cast<Real>(i); });
};

constexpr OperandSpec index_operand{.kind = Kind::integer};

enum IndexingRow { gather_row, scatter_add_row, pick_row, place_row, argmax_row, as_real_row };

constexpr Op indexing_table[] = {
    Op{.name = "gather",
       .operands = {{.vjp = [](P p) { return scatter_add(p.index(1), p.g(), p.dims(0)[0]); }}, index_operand},
       .shape = gathered,
       .forward = forward(gather_kernel),
       .rows = Rows::table},
    Op{.name = "scatter_add",
       .operands = {index_operand, {.vjp = [](P p) { return gather(p.g(), p.index(0)); }}},
       .shape = scattered,
       .forward = forward(scatter_kernel),
       .attrs = &attrs_type<ExtentAttrs>,
       .rows = Rows::scatter,
       .accumulates = true},
    Op{.name = "pick",
       .operands = {{.vjp = [](P p) { return place(p.g(), p.index(1), p.dims(0).back()); }}, index_operand},
       .shape = picked,
       .forward = forward(pick_kernel),
       .rows = Rows::last_axis},
    Op{.name = "place",
       .operands = {{.vjp = [](P p) { return pick(p.g(), p.index(1)); }}, index_operand},
       .shape = placed,
       .forward = forward(place_kernel),
       .attrs = &attrs_type<ExtentAttrs>,
       .rows = Rows::last_axis,
       .accumulates = true},
    Op{.name = "argmax",
       .operands = {{.constant_because = "it is piecewise constant"}},
       .result = Kind::integer,
       .shape = argmax_shape,
       .forward = forward(argmax_kernel),
       .domain = Domain::separated,
       .rows = Rows::last_axis},
    Op{.name = "as_real",
       .operands = {{.kind = Kind::integer, .constant_because = "an index is no point of a line"}},
       .shape = same_shape,
       .forward = forward(as_real_kernel)},
};

}  // namespace

std::span<const Op> indexing_rows() { return indexing_table; }
const Op& gather_op() { return indexing_table[gather_row]; }
const Op& scatter_add_op() { return indexing_table[scatter_add_row]; }

Var gather(Var table, Var index) { return record(indexing_table[gather_row], {table, index}); }
Var scatter_add(Var index, Var updates, Dim rows) {
  return record(indexing_table[scatter_add_row], {index, updates}, ExtentAttrs{rows});
}
Var argmax(Var x) { return record(indexing_table[argmax_row], {x}); }
Var as_real(Var index) { return record(indexing_table[as_real_row], {index}); }
Var pick(Var x, Var index) { return record(indexing_table[pick_row], {x, index}); }
Var place(Var values, Var index, Dim n) {
  return record(indexing_table[place_row], {values, index}, ExtentAttrs{n});
}

}  // namespace unroll
