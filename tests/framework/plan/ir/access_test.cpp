#include "framework/plan/ir/access.hpp"

#include <doctest/doctest.h>

using namespace unroll;
using ir::Access;
using sizes::B;

TEST_CASE("[ir] how elementwise work reads an operand follows from the two shapes") {
  const Dims full = {2, B, 3};
  CHECK(ir::access({2, B, 3}, full) == Access::whole);
  CHECK(ir::access({}, full) == Access::scalar);
  CHECK(ir::access({1, 1}, full) == Access::scalar);
  CHECK(ir::access({3}, full) == Access::tiled);
  CHECK(ir::access({B, 3}, full) == Access::tiled);
  CHECK(ir::access({1, B, 3}, full) == Access::tiled);
  CHECK(ir::access({2, B, 1}, full) == Access::repeated);
  CHECK(ir::access({2, 1, 1}, full) == Access::repeated);
}

TEST_CASE("[ir] what broadcasts along an axis in the middle, or not at all, is read in none of these ways") {
  const Dims full = {2, B, 3};
  CHECK(!ir::access({2, 1, 3}, full));
  CHECK(!ir::access({B, 1}, full));  // along the first and the last
  CHECK(!ir::access({2}, full));
  CHECK(!ir::access({1, 2, B, 3}, full));
}

TEST_CASE("[ir] there are long rows where a sequence has many of them, of full or grouped running values") {
  CHECK(ir::of_long_rows({B, 64, 16}));
  CHECK(ir::of_long_rows({B, 1, 1024}));
  CHECK(ir::of_long_rows({B, 128, 8}));
  CHECK_FALSE(ir::of_long_rows({B, 32, 16}));  // too few elements
  CHECK_FALSE(ir::of_long_rows({B, 128, 12}));
  CHECK_FALSE(ir::of_long_rows({B, 127, 24}));
  CHECK_FALSE(ir::of_long_rows({129, B, 8}));
  CHECK_FALSE(ir::of_long_rows({B, 1024}));  // no matrix
  CHECK_FALSE(ir::of_long_rows({1024}));
}

TEST_CASE("[ir] a chain of long rows reads what broadcasts along any axis") {
  const Dims full = {B, 64, 16};
  CHECK(ir::access_in_chain({B, 1, 16}, full) == Access::by_rows);
  CHECK(ir::access_in_chain({64, 1}, full) == Access::by_rows);
  CHECK(ir::access_in_chain({16}, full) == Access::tiled);
  CHECK_FALSE(ir::access_in_chain({B, 2, 16}, full));
  CHECK_FALSE(ir::access_in_chain({1, B, 64, 16}, full));
  CHECK_FALSE(ir::access_in_chain({2, 1, 3}, {2, B, 3}));
}

TEST_CASE("[ir] an axis of extent 1 in both shapes is no broadcast") {
  CHECK(ir::access({1, 3}, {1, 3}) == Access::whole);
  CHECK(ir::access({3}, {1, 3}) == Access::whole);
  CHECK(ir::access({1, 3}, {B, 1, 3}) == Access::tiled);
  CHECK(ir::access({B, 1, 1}, {B, 1, 3}) == Access::repeated);
}
