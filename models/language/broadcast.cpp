#include "models/language/broadcast.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

Dim rows_of(const std::vector<Var>& values, std::span<const Type> types) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (types[i].batched) return values[i].dims()[0];
  return 1;
}

Var vector_to_column(Var v) {
  Dims dims = v.dims();
  dims.push_back(1);
  return reshape(v, dims);
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

Var as_number(Var v, bool batched) {
  if (!batched || v.rank() > 1) return v;
  return vector_to_column(v);
}

std::vector<Var> equally_ranked(const std::vector<Var>& values, std::span<const Type> types) {
  const bool any_matrix = std::ranges::any_of(types, [](const Type& t) { return t.rank() == 2; });
  std::vector<Var> result = values;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (any_matrix && types[i].rank() == 0 && types[i].batched)
      result[i] = reshape(values[i], {values[i].dims()[0], 1, 1});
  return result;
}

std::vector<Var> equally_batched(const std::vector<Var>& values, std::span<const Type> types) {
  const bool any = std::ranges::any_of(types, [](const Type& t) { return t.batched; });
  std::vector<Var> result = values;
  for (std::size_t i = 0; any && i < values.size(); ++i)
    if (!types[i].batched) result[i] = with_rows(values[i], rows_of(values, types));
  return result;
}

Var outer_product(Var a, Var b, const Type& type_a, const Type& type_b) {
  const Type types[] = {type_a, type_b};
  const std::vector<Var> both = equally_batched({a, b}, types);
  return outer(both[0], both[1]);
}

Var matrix_product(Var a, Var b, const Type& type_a, const Type& type_b) {
  const bool vector = type_b.rank() == 1;
  if (!type_a.batched && vector && type_b.batched) return linear(b, a);
  if (!type_a.batched && vector) return reshape(linear(reshape(b, {1, b.dims()[0]}), a), {a.dims()[0]});
  if (!type_b.batched && !vector) return matmul(a, b);  // rows of all of a batch's matrices, if it is one
  const Type types[] = {type_a, type_b};
  const std::vector<Var> both = equally_batched({a, b}, types);
  if (!vector) return matmul(both[0], both[1]);
  return without_last_axis(matmul(both[0], vector_to_column(both[1])));
}

Var batched(Var v, const Dims& dims) { return v.dims() == dims ? v : broadcast_to(v, dims); }

}  // namespace unroll
