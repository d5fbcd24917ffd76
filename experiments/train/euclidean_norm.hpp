#pragma once

#include <span>

namespace unroll {

/// sqrt(Σx²), of numbers whose squares would underflow or overflow as well; infinite or NaN where one is.
double euclidean_norm(std::span<const double> values);

}  // namespace unroll
