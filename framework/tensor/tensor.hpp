#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>

#include "framework/tensor/large_pages.hpp"
#include "framework/tensor/shape.hpp"

namespace unroll {

/// A dense value: contiguous, row-major, owned. T is float (training), double (checks and diagnostics) or
/// std::int64_t (indices). Copies are deep. Nothing lazy lives in it or leaves it.
template <class T>
class Tensor {
 public:
  /// A scalar zero.
  Tensor() : Tensor(Shape{}) {}
  /// All elements equal to `value`.
  explicit Tensor(Shape shape, T value = T{0}) : shape_(std::move(shape)), data_(extents(shape_), value) {}
  /// Elements that nothing was written to yet, for a caller who writes them all.
  static Tensor without_values(Shape shape) { return Tensor(std::move(shape), Unwritten{}); }
  /// Row-major `values`; throws std::invalid_argument when their number is not the shape's.
  Tensor(Shape shape, std::span<const T> values) : Tensor(std::move(shape), Unwritten{}) { assign(values); }
  Tensor(Shape shape, std::initializer_list<T> values)
      : Tensor(std::move(shape), std::span<const T>(values.begin(), values.size())) {}

  const Shape& shape() const { return shape_; }
  std::int64_t numel() const { return static_cast<std::int64_t>(data_.size()); }
  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  std::span<T> span() { return {data(), data_.size()}; }
  std::span<const T> span() const { return {data(), data_.size()}; }
  T& operator[](std::int64_t i) { return data()[i]; }
  const T& operator[](std::int64_t i) const { return data()[i]; }

  void fill(T value) { data_.fill(value); }

  /// Same shape and same bits (so NaN equals the same NaN, and 0 differs from -0).
  bool same_bits(const Tensor& other) const;

  friend auto as_xtensor(Tensor& t) {
    return xt::adapt(t.data(), t.data_.size(), xt::no_ownership(), extents(t.shape_));
  }
  friend auto as_xtensor(const Tensor& t) {
    return xt::adapt(t.data(), t.data_.size(), xt::no_ownership(), extents(t.shape_));
  }

 private:
  using Elements = xt::xarray_container<xt::uvector<T, LargePages<T>>, xt::layout_type::row_major>;
  struct Unwritten {};

  Tensor(Shape shape, Unwritten)
      : shape_(std::move(shape)), data_(typename Elements::shape_type(shape_.begin(), shape_.end())) {}
  static std::vector<std::size_t> extents(const Shape& shape) { return {shape.begin(), shape.end()}; }
  void assign(std::span<const T> values);

  Shape shape_;
  Elements data_;
};

/// Element-wise conversion, float to double and back.
template <class To, class From>
Tensor<To> convert(const Tensor<From>& from) {
  Tensor<To> to(from.shape());
  for (std::int64_t i = 0; i < from.numel(); ++i) to[i] = static_cast<To>(from[i]);
  return to;
}

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template class Tensor<std::int64_t>;

}  // namespace unroll
