#pragma once

#include <cstdint>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// The x that makes |A x - y|^2 + |ridge x|^2 least: A (rows, n), y (rows), by orthogonal factors. A small
/// ridge gives columns that depend on each other a solution too.
std::vector<double> least_squares(const Tensor<double>& a, const Tensor<double>& y, double ridge);

}  // namespace unroll
