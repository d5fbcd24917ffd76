#pragma once

#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Rows (samples, n) along their principal components.
struct Components {
  std::vector<double> mean;       ///< (n)
  std::vector<double> variances;  ///< falling, min(samples, n) of them
  Tensor<double> directions;      ///< (components, n), a unit vector each, its largest element positive
};

/// By the singular values of what is left of the rows without their mean.
Components principal_components(const Tensor<double>& rows);

/// (Σλ)² / Σλ² of the variances λ: as many as there are when all are the same, 1 when one is all there is, 0
/// when nothing varies.
double participation_ratio(const std::vector<double>& variances);

}  // namespace unroll
