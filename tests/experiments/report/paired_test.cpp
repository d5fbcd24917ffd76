#include "experiments/report/paired.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "framework/tensor/limits.hpp"

using namespace unroll;

namespace {

PairedDifference of(const std::vector<double>& differences) { return paired_difference(differences); }

}  // namespace

TEST_CASE("[paired] the sign test adds up both tails of the binomial distribution") {
  CHECK(sign_test(0, 0) == 1);
  CHECK(sign_test(1, 0) == 1);
  CHECK(sign_test(3, 3) == 1);
  CHECK(sign_test(0, 5) == doctest::Approx(2.0 / 32));
  CHECK(sign_test(0, 6) == doctest::Approx(2.0 / 64));
  CHECK(sign_test(1, 9) == doctest::Approx(22.0 / 1024));
  CHECK(sign_test(8, 1) == doctest::Approx(20.0 / 512));
  CHECK(sign_test(2, 10) == sign_test(10, 2));
  CHECK(sign_test(2, 10) == doctest::Approx(2.0 * (1 + 12 + 66) / 4096));
}

TEST_CASE("[paired] mean, t-interval and deviation of differences, by hand") {
  const PairedDifference found = of({2, 1, 4, 3, 5});
  CHECK(found.n == 5);
  CHECK(found.finite == 5);
  CHECK(found.median == 3);
  CHECK(found.mean == 3);
  CHECK(found.deviation == doctest::Approx(std::sqrt(2.5)));
  CHECK(found.half_width == doctest::Approx(2.776445105 * std::sqrt(2.5 / 5)));  // t(4), 0.975
}

TEST_CASE("[paired] infinite differences are in the median alone") {
  const PairedDifference found = of({kInf, 1, 3});
  CHECK(found.n == 3);
  CHECK(found.finite == 2);
  CHECK(found.median == 3);
  CHECK(found.mean == 2);
  CHECK(of({-kInf, -kInf, 1}).median == -kInf);
  CHECK(of({kInf, kInf, 1}).median == kInf);
  CHECK(std::isnan(of({kInf, kInf}).mean));
  const PairedDifference none = of({});
  CHECK(none.n == 0);
  CHECK(std::isnan(none.median));
  CHECK(std::isnan(of({1}).half_width));
}

TEST_CASE("[paired] the pairs needed are those of published tables for the paired t-test") {
  // Cohen 1988 and G*Power 3.1: two sides, 0.05, power 0.8, by the size of the effect.
  const std::vector<std::pair<double, std::size_t>> table = {{0.2, 199}, {0.5, 34}, {0.8, 15}, {1.0, 10}};
  for (const auto& [effect, pairs] : table) {
    CAPTURE(effect);
    CHECK(pairs_needed(effect, 1) == pairs);
    CHECK(pairs_needed(-3 * effect, 3) == pairs);
    CHECK(paired_power(effect, pairs) >= 0.8);
    CHECK(paired_power(effect, pairs - 1) < 0.8);
  }
  CHECK(paired_power(0.5, 34) == doctest::Approx(0.8078).epsilon(0.001));
}

TEST_CASE("[paired] without an effect no number of pairs is enough; one without spread shows at once") {
  CHECK_FALSE(pairs_needed(0, 1));
  CHECK_FALSE(pairs_needed(1e-6, 1));
  CHECK_FALSE(pairs_needed(std::nan(""), 1));
  CHECK_FALSE(pairs_needed(1, std::nan("")));
  CHECK(pairs_needed(1, 0) == 2);
  CHECK(pairs_needed(1e6, 1) == 2);
  CHECK(paired_power(0, 20) == doctest::Approx(0.05));
  CHECK(paired_power(1, 1) == 0);
}

TEST_CASE("[paired] more pairs never have less power") {
  for (const double effect : {0.05, 0.3, 1.0, 10.0}) {
    double before = 0;
    for (std::size_t n = 2; n < 200'000; n = n * 3 / 2 + 1) {
      const double power = paired_power(effect, n);
      CHECK(power >= before - 1e-9);
      CHECK(power <= 1 + 1e-9);
      before = power;
    }
  }
}
