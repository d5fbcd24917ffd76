#include "experiments/train/euclidean_norm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace unroll;

TEST_CASE("[trial] a norm neither underflows nor overflows, and shows what is not finite") {
  for (const double scale : {1e-300, 1e-170, 1e-161, 1e-3, 1.0, 1e160, 1e300}) {
    const std::vector<double> values = {3 * scale, -4 * scale, 0, 12 * scale};
    CHECK(euclidean_norm(values) == doctest::Approx(13 * scale).epsilon(1e-15));
  }
  const double smallest = std::numeric_limits<double>::denorm_min();
  CHECK(euclidean_norm(std::vector<double>{smallest}) == smallest);
  CHECK(euclidean_norm({}) == 0);
  CHECK(euclidean_norm(std::vector<double>{0, -0.0}) == 0);
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(euclidean_norm(std::vector<double>{1, -infinite}) == infinite);
  CHECK(std::isnan(euclidean_norm(std::vector<double>{1, std::nan(""), infinite})));
}
