#include "framework/plan/ir/access.hpp"

#include <doctest/doctest.h>

using namespace unroll;
using ir::Access;
using sizes::B;
using sizes::T;

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

TEST_CASE("[ir] there are rows where a sequence has a matrix of a few elements in each") {
  for (const Dims& full :
       {Dims{B, 64, 16}, {B, 1, 1024}, {B, 128, 8}, {B, 2, 8}, {B, 127, 24}, {B, 3, 100}, {T, B, 1024}})
    CHECK(ir::of_rows(full));
  CHECK_FALSE(ir::of_rows({B, 1, 8}));  // too few elements
  CHECK_FALSE(ir::of_rows({B, 128, 7}));
  CHECK_FALSE(ir::of_rows({8, 8, B}));
  CHECK_FALSE(ir::of_rows({T, B, 128}));  // vectors, and not wide
  CHECK_FALSE(ir::of_rows({B, 1024}));    // no matrix
  CHECK_FALSE(ir::of_rows({1024}));
}

TEST_CASE("[ir] sums of rows that do not fill the running values add up by row where each has its own") {
  for (const std::int64_t n : {8, 12, 100}) {
    const Dims full = {B, 5, n};
    for (const Dims& sum : {Dims{B, 5, 1}, {1, 5, 1}, {5, 1}, {B, 1, n}, {5, n}, {n}})
      CHECK(ir::sums_by_row(sum, full));
    for (const Dims& sum : {Dims{B, 1, 1}, {1, 1}, {1}, {}}) CHECK_FALSE(ir::sums_by_row(sum, full));
  }
  CHECK(ir::sums_by_row({B, 1, 1}, {B, 5, 16}));
  CHECK(ir::sums_by_row({B, 1, 1}, {B, 1, 24}));  // one row
  CHECK_FALSE(ir::sums_by_row({B, 1}, {B, 100}));
}

TEST_CASE(
    "[ir] vectors of whole registers are gone through row by row, and summed over the batch on the way") {
  for (const Dims& full : {Dims{B, 64}, {B, 128}, {5, 80}, {T * B, 1024}}) {
    CHECK(ir::of_vectors(full));
    CHECK(ir::sums_by_row({full[1]}, full));
    for (const Dims& sum : {Dims{full[0], 1}, {1, full[1]}, {1}, {}}) CHECK_FALSE(ir::sums_by_row(sum, full));
  }
  for (const Dims& full : {Dims{B, 48}, {B, 72}, {B, 4}, {T, B, 64}, {64}, {64, B}})
    CHECK_FALSE(ir::of_vectors(full));
}

TEST_CASE("[ir] a chain of rows reads what broadcasts along any axis") {
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
