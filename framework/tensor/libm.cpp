#include "framework/tensor/libm.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace unroll {

std::string libm_fingerprint() {
  // Variants differ in the last bit at one point of hundreds or thousands.
  constexpr int points = 3000;
  std::vector<double> values;
  values.reserve(std::size_t{6} * points);
  for (int i = 1; i <= points; ++i) {
    const double x = 0.0031 * i;
    for (const double value :
         {std::exp(x), std::log(x), std::pow(x, 1.7), std::sin(x), std::cos(x), std::tan(x)})
      values.push_back(value);
  }
  const auto hash = XXH3_64bits(values.data(), values.size() * sizeof(double));
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash));
}

}  // namespace unroll
