#include "experiments/report/short_names.hpp"

#include <doctest/doctest.h>

#include "experiments/report/axes.hpp"
#include "tests/experiments/report/fixture.hpp"

using namespace unroll;

using Names = std::vector<std::string>;

TEST_CASE("[short names] a cell's hash is left out where its name says which one it is") {
  CHECK(short_names({"mgu@f8646e70", "lstm"}) == Names{"mgu", "lstm"});
  CHECK(short_names({"a@00000000", "b@00000000"}) == Names{"a", "b"});
  CHECK(short_names({}).empty());
}

TEST_CASE("[short names] where two have the name, both keep what tells them apart") {
  CHECK(short_names({"mgu@f8646e70", "mgu@01234567"}) == Names{"mgu@f8646e70", "mgu@01234567"});
  CHECK(short_names({"mgu@f8646e70", "mgu"}) == Names{"mgu@f8646e70", "mgu"});
}

TEST_CASE("[short names] what only looks like one stays whole") {
  const Names others{"@f8646e70", "mgu@f8646e7", "mgu@f8646e701", "mgu@F8646E70", "a@b.example", "0.5"};
  CHECK(short_names(others) == others);
}

TEST_CASE("[short names] axes have short labels, and points keep the whole values") {
  const SweepPlan plan = fixture::plan_of(
      {"model.cell"}, {fixture::axis("model.cell", {"mgu@f8646e70", "lstm", "a@00000001", "a@00000002"})});
  const SweepAxis axis = sweep_axes(plan).at(0);
  CHECK(axis.labels == Names{"mgu", "lstm", "a@00000001", "a@00000002"});
  CHECK(axis.points[0] == Names{"mgu@f8646e70"});
}
