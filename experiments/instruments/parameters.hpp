#pragma once

#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Parameters in the precision that models are used in.
inline std::vector<Tensor<float>> in_float(const std::vector<Tensor<double>>& parameters) {
  std::vector<Tensor<float>> all;
  for (const Tensor<double>& one : parameters) all.push_back(convert<float>(one));
  return all;
}

}  // namespace unroll
