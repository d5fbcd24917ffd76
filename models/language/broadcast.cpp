#include "models/language/broadcast.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

Dim rows_of(std::span<const Var> values, std::span<const Type> types) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (types[i].batched) return values[i].dims()[0];
  return 1;
}

Var without_last_axis(Var v) {
  Dims dims = v.dims();
  dims.pop_back();
  return reshape(v, dims);
}

Var with_rows(Var v, Dim rows) {
  Dims dims = v.dims();
  dims.insert(dims.begin(), rows);
  return broadcast_to(v, dims);
}

}  // namespace

Var column_of(Var v) {
  Dims dims = v.dims();
  dims.push_back(1);
  return reshape(v, dims);
}

Var row_of(Var v) {
  Dims dims = v.dims();
  dims.insert(dims.end() - 1, 1);
  return reshape(v, dims);
}

Var flat(Var v) {
  Dims dims = v.dims();
  const Dim columns = dims.back();
  dims.pop_back();
  dims.back() = dims.back() * columns;
  return reshape(v, dims);
}

Var as_number(Var v, bool batched) {
  if (!batched || v.rank() > 1) return v;
  return column_of(v);
}

std::vector<Var> equally_ranked(std::span<const Var> values, std::span<const Type> types) {
  const bool any_matrix = std::ranges::any_of(types, [](const Type& t) { return t.rank() == 2; });
  std::vector<Var> result(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (any_matrix && types[i].rank() == 0 && types[i].batched && values[i].rank() == 2)
      result[i] = reshape(values[i], {values[i].dims()[0], 1, 1});
  return result;
}

std::vector<Var> equally_batched(std::span<const Var> values, std::span<const Type> types) {
  const bool any = std::ranges::any_of(types, [](const Type& t) { return t.batched; });
  std::vector<Var> result(values.begin(), values.end());
  for (std::size_t i = 0; any && i < values.size(); ++i)
    if (!types[i].batched) result[i] = with_rows(values[i], rows_of(values, types));
  return result;
}

Var outer_product(Var a, Var b, const Type& type_a, const Type& type_b) {
  const Type types[] = {type_a, type_b};
  const std::vector<Var> both = equally_batched(std::vector{a, b}, types);
  return outer(both[0], both[1]);
}

Var matrix_product(Var a, Var b, const Type& type_a, const Type& type_b) {
  const bool vector = type_b.rank() == 1;
  if (!type_a.batched && vector && type_b.batched) return linear(b, a);
  if (!type_a.batched && vector) return reshape(linear(reshape(b, {1, b.dims()[0]}), a), {a.dims()[0]});
  if (!type_b.batched && !vector) return matmul(a, b);  // rows of all of a batch's matrices, if it is one
  const Type types[] = {type_a, type_b};
  const std::vector<Var> both = equally_batched(std::vector{a, b}, types);
  if (!vector) return matmul(both[0], both[1]);
  return without_last_axis(matmul(both[0], column_of(both[1])));
}

Var product_by_heads(Var blocks, Var v, std::int64_t heads, bool batched) {
  const std::int64_t rows = blocks.dims()[0].number(), width = blocks.dims()[1].number();
  const Dim batch = batched ? v.dims()[0] : Dim(1);
  const Var parts = transpose(reshape(v, {batch, heads, width}), {1, 0, 2});
  const Var each = matmul(parts, reshape(blocks, {heads, rows / heads, width}), false, true);
  const Var result = transpose(each, {1, 0, 2});
  return batched ? reshape(result, {batch, rows}) : reshape(result, {rows});
}

Var batched(Var v, const Dims& dims) { return v.dims() == dims ? v : broadcast_to(v, dims); }

}  // namespace unroll
