#include "experiments/verbs/listing.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace unroll;

TEST_CASE("[listing] people read short names and four digits, programs whole values") {
  const Listing rows{{{"cell", "mgu@f8646e70"}, {"loss", 0.123456789}}, {{"cell", "lstm"}, {"loss", 2.0}}};
  CHECK(as_table(rows) == "cell  loss\nmgu   0.1235\nlstm  2.000\n");
  CHECK(as_csv(rows) == "cell,loss\nmgu@f8646e70,0.123456789\nlstm,2\n");
}

TEST_CASE("[listing] names that two cells share stay whole, and columns are kept apart") {
  const Listing rows{{{"a", "mgu@f8646e70"}, {"b", "mgu@01234567"}},
                     {{"a", "mgu@01234567"}, {"b", "mgu@01234567"}}};
  CHECK(as_table(rows) == "a             b\nmgu@f8646e70  mgu\nmgu@01234567  mgu\n");
}

TEST_CASE("[listing] a NaN has no sign, and nothing to list is nothing") {
  const Listing rows{{{"loss", -std::numeric_limits<double>::quiet_NaN()}}};
  CHECK(as_table(rows) == "loss\nnan\n");
  CHECK(as_csv(rows) == "loss\nnan\n");
  CHECK(as_table({}).empty());
  CHECK(as_csv({}).empty());
}
