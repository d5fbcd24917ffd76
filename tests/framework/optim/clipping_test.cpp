#include "framework/optim/clipping.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "framework/random/stream.hpp"

using namespace unroll;

namespace {

using Spans = std::vector<std::span<float>>;

std::vector<float> random_values(std::size_t size, std::uint32_t index) {
  Stream stream(2, Purpose::check, {index});
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(stream.normal());
  return values;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("[optim] the global norm is that of all parameters together, in double") {
  std::vector<float> a = {3, 0}, b = {4}, none;
  const Spans gradients = {a, none, b};
  CHECK(global_norm(gradients) == 5);
  std::vector<float> many(1000003, 1e-4f);
  const Spans large = {many};
  CHECK(global_norm(large) == doctest::Approx(double(1e-4f) * std::sqrt(1000003.0)).epsilon(1e-12));
  std::vector<float> huge(4, 3e38f);  // the squares overflow in float
  const Spans overflowing = {huge};
  CHECK(global_norm(overflowing) == doctest::Approx(6e38));
}

TEST_CASE("[optim] clipping by norm keeps the direction and brings the norm to the threshold") {
  auto a = random_values(101, 1), b = random_values(7, 2);
  const auto before = a;
  const Spans gradients = {a, b};
  const double norm = global_norm(gradients);
  CHECK(clip_by_norm(gradients, 0.5) == norm);
  CHECK(global_norm(gradients) == doctest::Approx(0.5).epsilon(1e-6));
  for (std::size_t i = 0; i < a.size(); ++i)
    CHECK(double(a[i]) == doctest::Approx(double(before[i]) * 0.5 / norm).epsilon(1e-6));
}

TEST_CASE("[optim] clipping by norm changes no bit at or below the threshold") {
  auto values = random_values(1001, 3);
  values[5] = -0.f;
  values[6] = 1e-42f;
  const auto before = values;
  const Spans gradients = {values};
  const double norm = global_norm(gradients);
  for (double threshold : {1e30, norm, norm * 1.0000001}) {
    CHECK(clip_by_norm(gradients, threshold) == norm);
    CHECK(same_bits(values, before));
  }
  clip_by_norm(gradients, norm * 0.999);
  CHECK(!same_bits(values, before));
}

TEST_CASE("[optim] a norm that is not finite is returned and hides nothing") {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto values = random_values(9, 4);
    values[8] = bad;
    const auto before = values;
    const Spans gradients = {values};
    CHECK(!std::isfinite(clip_by_norm(gradients, 1)));
    CHECK(same_bits(values, before));
  }
}

TEST_CASE("[optim] clipping by value clamps what lies beyond the threshold and nothing else") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> values = {
      -2, -1, -0.5f, -0.f, 0.25f, 1, 1.0001f, nan, std::numeric_limits<float>::infinity()};
  const Spans gradients = {values};
  clip_by_value(gradients, 1);
  const std::vector<float> expected = {-1, -1, -0.5f, -0.f, 0.25f, 1, 1, nan, 1};
  CHECK(same_bits(values, expected));
}

TEST_CASE("[optim] a clipping threshold that is not above zero is refused") {
  std::vector<float> values = {1};
  const Spans gradients = {values};
  CHECK_THROWS_AS(clip_by_norm(gradients, 0), std::invalid_argument);
  CHECK_THROWS_AS(clip_by_norm(gradients, std::nan("")), std::invalid_argument);
  CHECK_THROWS_AS(clip_by_value(gradients, -1), std::invalid_argument);
}
