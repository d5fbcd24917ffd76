#pragma once

#include "framework/random/stream.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Standard normal elements; the same seed gives the same tensor.
template <class T>
Tensor<T> random_tensor(const Shape& shape, std::uint64_t seed, double scale = 1) {
  Stream stream(seed, Purpose::check, {7});
  Tensor<T> tensor(shape);
  for (T& x : tensor.span()) x = static_cast<T>(scale * stream.normal());
  return tensor;
}

}  // namespace unroll
