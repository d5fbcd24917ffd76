#include "models/flossing.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "framework/autodiff/directions.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/step_reverse.hpp"

namespace unroll {
namespace {

/// Rows of all moving states side by side, as values of the states; of those that count steps zeros.
std::vector<Var> split(Var rows, const std::vector<StateSpec>& states) {
  std::vector<Var> parts;
  std::int64_t at = 0;
  for (const StateSpec& state : states) {
    const Dims dims = state.dims(rows.dims()[0]);
    if (state.counts) {
      parts.push_back(rows.tape().zeros(dims));
      continue;
    }
    parts.push_back(reshape(slice(rows, 1, at, state.shape.numel()), dims));
    at += state.shape.numel();
  }
  return parts;
}

/// The other way round.
Var join(const std::vector<Var>& parts, const std::vector<StateSpec>& states) {
  std::vector<Var> rows;
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (!states[k].counts) rows.push_back(reshape(parts[k], {parts[k].dims()[0], states[k].shape.numel()}));
  return rows.size() == 1 ? rows[0] : concat(rows, 1);
}

}  // namespace

std::int64_t moving_size(const std::vector<StateSpec>& states) {
  std::int64_t size = 0;
  for (const StateSpec& state : states)
    if (!state.counts) size += state.shape.numel();
  return size;
}

Var repeated_rows(Var x, std::int64_t times) {
  Dims each = x.dims();
  each.insert(each.begin() + 1, 1);
  Dims repeated = each, flat = x.dims();
  repeated[1] = times;
  flat[0] = flat[0] * times;
  return reshape(broadcast_to(reshape(x, each), repeated), flat);
}

Var first_directions(Var x, const std::vector<StateSpec>& states, std::int64_t count) {
  const std::int64_t size = moving_size(states);
  if (count > size)
    throw std::invalid_argument(fmt::format(
        "[flossing] {} exponents of states with {} numbers; there are no more than these", count, size));
  Tensor<double> unit({1, count, size});
  for (std::int64_t i = 0; i < count; ++i) unit[i * size + i] = 1;
  return broadcast_to(x.tape().constant(std::move(unit)), {x.dims()[1], count, size});
}

GrownDirections grow_directions(Var directions, const std::vector<StateSpec>& states,
                                const std::vector<Var>& before, const std::vector<Var>& after) {
  const Dims& dims = directions.dims();
  const Var rows = reshape(directions, {dims[0] * dims[1], dims[2]});
  const Var grown = reshape(join(pulled_back(before, after, split(rows, states)), states), dims);
  const Var next = transpose(orthonormalise(transpose(grown)));
  // The diagonal of R = Q^T A, an inner product for each direction.
  return {next, log(sum(next * grown, -1))};
}

}  // namespace unroll
