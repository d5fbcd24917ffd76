#include "framework/tensor/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace unroll {

template <class T>
void Tensor<T>::assign(std::span<const T> values) {
  if (values.size() != data_.size())
    throw std::invalid_argument(fmt::format("[Tensor] shape {} holds {} elements, but {} values were given",
                                            to_string(shape_), data_.size(), values.size()));
  std::copy(values.begin(), values.end(), data());
}

template <class T>
bool Tensor<T>::same_bits(const Tensor& other) const {
  if (shape_ != other.shape_) return false;
  return data_.size() == 0 || std::memcmp(data(), other.data(), data_.size() * sizeof(T)) == 0;
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<std::int64_t>;

}  // namespace unroll
