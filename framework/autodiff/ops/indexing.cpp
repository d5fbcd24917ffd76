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

/// attrs.dims holds the number of rows; the rest of the shape is the updates' behind the index axes.
Dims scattered(const ShapeArgs& args) {
  const Dims &index = args.in[0], &updates = args.in[1];
  if (updates.size() < index.size() || !std::equal(index.begin(), index.end(), updates.begin()))
    shape_error(args, "the updates' first axes must be the indices' axes");
  Dims result = args.attrs.dims;
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
  result.push_back(args.attrs.dims[0]);
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

constexpr std::array<Kind, 3> second_is_index = {Kind::real, Kind::integer, Kind::real};

constexpr Op gathering(std::string_view name) {
  return {.name = name,
          .arity = 2,
          .shape = gathered,
          .forward = forward(gather_kernel),
          .vjp = {[](P p) { return scatter_add(p.index(1), p.g(), p.dims(0)[0]); }},
          .kinds = second_is_index,
          .lift = Lift::table};
}

enum Row { gather_row, embed_row, scatter_add_row, pick_row, place_row };

constexpr Op indexing_table[] = {
    gathering("gather"),
    gathering("embed"),
    Op{.name = "scatter_add",
       .arity = 2,
       .shape = scattered,
       .forward = forward(scatter_kernel),
       .vjp = {nullptr, [](P p) { return gather(p.g(), p.index(0)); }},
       .kinds = {Kind::integer, Kind::real, Kind::real},
       .accumulates = true},
    Op{.name = "pick",
       .arity = 2,
       .shape = picked,
       .forward = forward(pick_kernel),
       .vjp = {[](P p) { return place(p.g(), p.index(1), p.dims(0).back()); }},
       .kinds = second_is_index,
       .lift = Lift::leading},
    Op{.name = "place",
       .arity = 2,
       .shape = placed,
       .forward = forward(place_kernel),
       .vjp = {[](P p) { return pick(p.g(), p.index(1)); }},
       .kinds = second_is_index,
       .lift = Lift::leading,
       .accumulates = true},
};

Var record_sized(const Op& op, Var a, Var b, Dim extent) {
  Attrs attrs;
  attrs.dims = {extent};
  return record(op, {a, b}, std::move(attrs));
}

}  // namespace

std::span<const Op> indexing_rows() { return indexing_table; }
const Op& embed_op() { return indexing_table[embed_row]; }
const Op& scatter_add_op() { return indexing_table[scatter_add_row]; }
const Op& place_op() { return indexing_table[place_row]; }

Var gather(Var table, Var index) { return record(indexing_table[gather_row], {table, index}); }
Var embed(Var table, Var index) { return record(indexing_table[embed_row], {table, index}); }
Var scatter_add(Var index, Var updates, Dim rows) {
  return record_sized(indexing_table[scatter_add_row], index, updates, rows);
}
Var pick(Var x, Var index) { return record(indexing_table[pick_row], {x, index}); }
Var place(Var values, Var index, Dim n) { return record_sized(indexing_table[place_row], values, index, n); }

}  // namespace unroll
