#include "models/packing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace unroll {
namespace {

std::vector<std::size_t> longest_first(std::span<const std::int64_t> lengths) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  return order;
}

/// 1 wherever no sequence covers the position.
template <class T>
Tensor<T> uncovered(const Packing& packing) {
  Tensor<T> flags({packing.steps, packing.rows}, T{1});
  for (std::size_t s = 0; s < packing.places.size(); ++s)
    for (std::int64_t t = 0; t < packing.lengths[s]; ++t)
      flags[(packing.places[s].first + t) * packing.rows + packing.places[s].row] = 0;
  return flags;
}

void require(const Packing& packing, const Shape& shape, std::int64_t sequences, const char* what) {
  if (shape.rank() >= 2 && shape[0] >= packing.steps && shape[1] == sequences) return;
  throw std::invalid_argument(
      fmt::format("[packing] the {} batch is {}, but must have {} steps and {} rows; "
                  "does it belong to another packing?",
                  what, to_string(shape), packing.steps, sequences));
}

/// A shape like `like` with other first axes.
Shape reshaped(const Shape& like, std::int64_t steps, std::int64_t rows) {
  Shape shape = like;
  shape[0] = steps;
  shape[1] = rows;
  return shape;
}

std::int64_t elements_behind(const Shape& shape) {
  std::int64_t elements = 1;
  for (std::size_t axis = 2; axis < shape.rank(); ++axis) elements *= shape[axis];
  return elements;
}

}  // namespace

Packing pack(std::span<const std::int64_t> lengths) {
  Packing packing;
  packing.lengths.assign(lengths.begin(), lengths.end());
  packing.places.resize(lengths.size());
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    if (lengths[s] < 1)
      throw std::invalid_argument(fmt::format(
          "[packing] sequence {} has the length {}; a sequence has at least one step", s, lengths[s]));
    packing.steps = std::max(packing.steps, lengths[s]);
  }
  std::vector<std::int64_t> used;  // by row
  for (const std::size_t s : longest_first(lengths)) {
    const auto row = std::find_if(used.begin(), used.end(),
                                  [&](std::int64_t n) { return n + lengths[s] <= packing.steps; });
    packing.places[s] = {row - used.begin(), row == used.end() ? 0 : *row};
    if (row == used.end())
      used.push_back(lengths[s]);
    else
      *row += lengths[s];
  }
  packing.rows = static_cast<std::int64_t>(used.size());
  return packing;
}

template <class T>
Tensor<T> Packing::begins() const {
  Tensor<T> flags = uncovered<T>(*this);
  for (const Place& place : places) flags[place.first * rows + place.row] = 1;
  return flags;
}

template <class T>
Tensor<T> Packing::ends() const {
  Tensor<T> flags = uncovered<T>(*this);
  const Tensor<std::int64_t> at = last();
  for (const std::int64_t position : at.span()) flags[position] = 1;
  return flags;
}

Tensor<std::int64_t> Packing::sequence() const {
  Tensor<std::int64_t> indices(Shape{steps, rows});
  for (std::size_t s = 0; s < places.size(); ++s)
    for (std::int64_t t = 0; t < lengths[s]; ++t)
      indices[(places[s].first + t) * rows + places[s].row] = static_cast<std::int64_t>(s);
  return indices;
}

Tensor<std::int64_t> Packing::first() const {
  Tensor<std::int64_t> indices(Shape{static_cast<std::int64_t>(places.size())});
  for (std::size_t s = 0; s < places.size(); ++s) indices[s] = places[s].first * rows + places[s].row;
  return indices;
}

Tensor<std::int64_t> Packing::last() const {
  Tensor<std::int64_t> indices = first();
  for (std::size_t s = 0; s < places.size(); ++s) indices[s] += (lengths[s] - 1) * rows;
  return indices;
}

template <class T>
Tensor<T> pack_steps(const Packing& packing, const Tensor<T>& padded) {
  const auto sequences = static_cast<std::int64_t>(packing.places.size());
  require(packing, padded.shape(), sequences, "padded");
  const std::int64_t n = elements_behind(padded.shape());
  Tensor<T> packed(reshaped(padded.shape(), packing.steps, packing.rows));
  for (std::int64_t s = 0; s < sequences; ++s) {
    const Packing::Place place = packing.places[s];
    for (std::int64_t t = 0; t < packing.lengths[s]; ++t)
      std::copy_n(padded.data() + (t * sequences + s) * n, n,
                  packed.data() + ((place.first + t) * packing.rows + place.row) * n);
  }
  return packed;
}

template <class T>
Tensor<T> unpack_steps(const Packing& packing, const Tensor<T>& packed, AfterEnd after) {
  const auto sequences = static_cast<std::int64_t>(packing.places.size());
  require(packing, packed.shape(), packing.rows, "packed");
  const std::int64_t n = elements_behind(packed.shape());
  Tensor<T> padded(reshaped(packed.shape(), packing.steps, sequences));
  for (std::int64_t s = 0; s < sequences; ++s) {
    const Packing::Place place = packing.places[s];
    const std::int64_t end = after == AfterEnd::zeros ? packing.lengths[s] : packing.steps;
    for (std::int64_t t = 0; t < end; ++t) {
      const std::int64_t from = place.first + std::min(t, packing.lengths[s] - 1);
      std::copy_n(packed.data() + (from * packing.rows + place.row) * n, n,
                  padded.data() + (t * sequences + s) * n);
    }
  }
  return padded;
}

template Tensor<float> Packing::begins<float>() const;
template Tensor<double> Packing::begins<double>() const;
template Tensor<float> Packing::ends<float>() const;
template Tensor<double> Packing::ends<double>() const;
template Tensor<float> pack_steps(const Packing&, const Tensor<float>&);
template Tensor<double> pack_steps(const Packing&, const Tensor<double>&);
template Tensor<std::int64_t> pack_steps(const Packing&, const Tensor<std::int64_t>&);
template Tensor<float> unpack_steps(const Packing&, const Tensor<float>&, AfterEnd);
template Tensor<double> unpack_steps(const Packing&, const Tensor<double>&, AfterEnd);
template Tensor<std::int64_t> unpack_steps(const Packing&, const Tensor<std::int64_t>&, AfterEnd);

}  // namespace unroll
