#include <doctest/doctest.h>

#include "experiments/tasks/series/differences.hpp"
#include "tests/experiments/tasks/series/series_fixture.hpp"

using namespace unroll;

TEST_CASE("[series] differences are those taken one lag after the other") {
  const std::vector<double> z = series_test::waves(40);
  std::vector<double> by_hand = z;
  for (const std::size_t lag : {1u, 12u}) {
    std::vector<double> next;
    for (std::size_t t = lag; t < by_hand.size(); ++t) next.push_back(by_hand[t] - by_hand[t - lag]);
    by_hand = next;
  }
  const Differences differences({1, 12});
  CHECK(differences.reach() == 13);
  CHECK(differences.last(z) == doctest::Approx(by_hand.back()));
  CHECK(Differences({}).last(z) == z.back());
}

TEST_CASE(
    "[series] along the path all differences are 0; of lag 1 it is the last value, of a season the one "
    "before") {
  const std::vector<double> z = series_test::waves(40);
  for (const std::vector<std::int64_t>& lags :
       std::vector<std::vector<std::int64_t>>{{1}, {12}, {1, 12}, {1, 1}}) {
    const Differences differences(lags);
    std::vector<double> on = z;
    for (const double x : differences.path(z, 30)) {
      on.push_back(x);
      CHECK(std::abs(differences.last(on)) < 1e-9);
    }
    CHECK(on.size() == 70);
  }
  CHECK(Differences({1}).path(z, 3) == std::vector<double>(3, z.back()));
  const std::vector<double> season = Differences({12}).path(z, 14);
  for (std::size_t h = 0; h < 14; ++h) CHECK(season[h] == z[28 + h % 12]);
  const std::vector<double> line = Differences({1, 1}).path(z, 2);
  CHECK(line[1] == doctest::Approx(z[39] + 2 * (z[39] - z[38])));
  CHECK(Differences({}).path(z, 2) == std::vector<double>{0, 0});
}
