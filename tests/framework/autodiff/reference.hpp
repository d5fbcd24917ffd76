#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "framework/tensor/shape.hpp"

/// Slow, plain arithmetic in long double, element by element, to judge the engine by. Nothing of the engine
/// is used but Shape.
namespace unroll::conformance {

using Real = long double;
using Index = std::vector<std::int64_t>;

inline constexpr Real infinity = std::numeric_limits<Real>::infinity();

/// Calls f(index) for every index of `shape`, in row-major order.
template <class F>
void each_index(const Shape& shape, F f) {
  const std::int64_t total = shape.numel();
  Index index(shape.rank(), 0);
  for (std::int64_t i = 0; i < total; ++i) {
    f(std::as_const(index));
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

struct Array {
  Shape shape;
  std::vector<Real> values;

  explicit Array(Shape s, Real value = 0)
      : shape(std::move(s)), values(static_cast<std::size_t>(shape.numel()), value) {}

  std::size_t flat(const Index& index) const {
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) at = at * shape[axis] + index[axis];
    return static_cast<std::size_t>(at);
  }
  Real& at(const Index& index) { return values[flat(index)]; }
  Real at(const Index& index) const { return values[flat(index)]; }

  /// The element that stands at `index` of a larger shape to which this one broadcasts.
  Real stretched(const Index& index) const {
    Index own(index.end() - static_cast<std::ptrdiff_t>(shape.rank()), index.end());
    for (std::size_t axis = 0; axis < own.size(); ++axis)
      if (shape[axis] == 1) own[axis] = 0;
    return at(own);
  }
};

/// The array whose element at `index` is f(index).
template <class F>
Array generate(const Shape& shape, F f) {
  Array result(shape);
  each_index(shape, [&](const Index& index) { result.at(index) = f(index); });
  return result;
}

inline Shape common_shape(const std::vector<Array>& operands) {
  std::size_t rank = 0;
  for (const Array& x : operands) rank = std::max(rank, x.shape.rank());
  Shape shape(std::vector<std::int64_t>(rank, 1));
  for (const Array& x : operands)
    for (std::size_t i = 0; i < x.shape.rank(); ++i) {
      const std::size_t axis = rank - x.shape.rank() + i;
      if (x.shape[i] != 1) shape[axis] = x.shape[i];
    }
  return shape;
}

/// Sum over the axes along which `target` is missing or 1.
inline Array summed_to(const Array& x, const Shape& target) {
  Array result(target);
  each_index(x.shape, [&](const Index& index) {
    Index own(index.end() - static_cast<std::ptrdiff_t>(target.rank()), index.end());
    for (std::size_t axis = 0; axis < own.size(); ++axis)
      if (target[axis] == 1) own[axis] = 0;
    result.at(own) += x.at(index);
  });
  return result;
}

/// Replaces each line along `axis` by f(line), which may have another length; `drop` removes the axis, whose
/// extent must have become 1.
using LineFunction = std::function<std::vector<Real>(const std::vector<Real>&)>;
inline Array along_axis(const Array& x, std::size_t axis, std::int64_t length, bool drop,
                        const LineFunction& f) {
  Shape shape = x.shape, starts = x.shape;
  shape[axis] = length;
  starts[axis] = 1;
  Array result(shape);
  each_index(starts, [&](Index index) {
    std::vector<Real> line;
    for (index[axis] = 0; index[axis] < x.shape[axis]; ++index[axis]) line.push_back(x.at(index));
    const std::vector<Real> image = f(line);
    for (index[axis] = 0; index[axis] < length; ++index[axis])
      result.at(index) = image[static_cast<std::size_t>(index[axis])];
  });
  if (!drop) return result;
  Shape rest;
  for (std::size_t i = 0; i < shape.rank(); ++i)
    if (i != axis) rest.push_back(shape[i]);
  Array dropped(rest);
  dropped.values = result.values;
  return dropped;
}

/// NaN where any element is NaN; -Inf for an empty line.
inline Real top_of(const std::vector<Real>& line) {
  Real top = -infinity;
  for (const Real x : line) top = std::isnan(x) || std::isnan(top) ? std::nanl("") : std::max(top, x);
  return top;
}

inline Real log_sum_exp(const std::vector<Real>& line) {
  const Real top = top_of(line);
  if (!std::isfinite(top)) return top;
  Real total = 0;
  for (const Real x : line) total += std::exp(x - top);
  return top + std::log(total);
}

/// Logarithms of the softmax of a line. Limits at infinity: one element that alone is the largest is the only
/// possible one if it is infinite; where several are, NaN.
inline std::vector<Real> log_probabilities(const std::vector<Real>& line) {
  const Real top = top_of(line);
  const bool one = std::count(line.begin(), line.end(), top) == 1;
  std::vector<Real> image;
  Real total = 0;
  for (const Real x : line) {
    image.push_back(one && x == top ? 0 : x - top);
    total += std::exp(image.back());
  }
  for (Real& y : image) y -= std::log(total);
  return image;
}

}  // namespace unroll::conformance
