#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Where the entries of a range lie in memory: one run of elements for each index of the axes before `axis`.
struct Runs {
  Runs(const Shape& shape, std::size_t axis) {
    for (std::size_t i = 0; i < axis; ++i) number *= shape[i];
    for (std::size_t i = axis + 1; i < shape.rank(); ++i) entry *= shape[i];
  }
  std::int64_t number = 1;  ///< how many there are
  std::int64_t entry = 1;   ///< elements of one entry in a run
};

/// Copies the entries `range` of an axis of `from` into `to`, which keeps its memory where its shape stays.
template <class T>
void copy_range(const Tensor<T>& from, std::size_t axis, Range range, Tensor<T>& to) {
  Shape shape = from.shape();
  const std::int64_t extent = shape[axis];
  shape[axis] = range.count;
  if (to.shape() != shape) to = Tensor<T>(shape);
  const Runs runs(shape, axis);
  for (std::int64_t i = 0; i < runs.number; ++i)
    std::copy_n(from.data() + (i * extent + range.first) * runs.entry, range.count * runs.entry,
                to.data() + i * range.count * runs.entry);
}

/// The other way: writes `from`, which is as long as the range, over the entries `range` of an axis of `to`.
template <class T>
void write_range(const T* from, std::size_t axis, Range range, Tensor<T>& to) {
  const std::int64_t extent = to.shape()[axis];
  const Runs runs(to.shape(), axis);
  for (std::int64_t i = 0; i < runs.number; ++i)
    std::copy_n(from + i * range.count * runs.entry, range.count * runs.entry,
                to.data() + (i * extent + range.first) * runs.entry);
}

/// Several ranges of the first axis, one after the other.
template <class T>
Tensor<T> gathered(const Tensor<T>& from, const std::vector<Range>& ranges) {
  Shape shape = from.shape();
  shape[0] = 0;
  for (const Range& range : ranges) shape[0] += range.count;
  Tensor<T> all = Tensor<T>::without_values(shape);
  const std::int64_t entry = Runs(shape, 0).entry;
  T* to = all.data();
  for (const Range& range : ranges)
    to = std::copy_n(from.data() + range.first * entry, range.count * entry, to);
  return all;
}

}  // namespace unroll
