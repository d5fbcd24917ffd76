#include "framework/tensor/gemm_rule.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace unroll;

namespace {

using enum ProductLibrary;

constexpr Multipliers all_of_avx512 = {Isa::avx512, true, true};
constexpr Multipliers all_of_avx2 = {Isa::avx2, true, true};

constexpr ProductShape plain(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {false, false, m, n, k};
}
constexpr ProductShape transposed_a(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {true, false, m, n, k};
}
constexpr ProductShape transposed_b(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {false, true, m, n, k};
}

std::vector<ProductShape> many_shapes() {
  const std::vector<std::int64_t> extents = {
      1, 2, 6, 16, 50, 128, 640, 2049, std::int64_t{1} << 20, std::int64_t{1} << 33};
  std::vector<ProductShape> shapes;
  for (bool ta : {false, true})
    for (bool tb : {false, true})
      for (std::int64_t m : extents)
        for (std::int64_t n : extents)
          for (std::int64_t k : extents) shapes.push_back({ta, tb, m, n, k});
  return shapes;
}

std::vector<Multipliers> all_multipliers() {
  std::vector<Multipliers> all;
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512})
    for (bool blas : {false, true})
      for (bool xsmm : {false, true}) all.push_back({isa, blas, xsmm});
  return all;
}

}  // namespace

TEST_CASE("[gemm rule] with AVX-512 the products of recurrent networks go where they were measured fastest") {
  CHECK(float_library(plain(20, 128, 128), all_of_avx512) == libxsmm);
  CHECK(float_library(plain(64, 1024, 256), all_of_avx512) == libxsmm);
  CHECK(float_library(plain(20, 50, 50), all_of_avx512) == openblas);
  CHECK(float_library(plain(20, 2048, 2048), all_of_avx512) == onednn);
  CHECK(float_library(plain(640, 2, 128), all_of_avx512) == openblas);
  CHECK(float_library(plain(1, 1024, 256), all_of_avx512) == onednn);
  CHECK(float_library(transposed_a(128, 128, 640), all_of_avx512) == libxsmm);
  CHECK(float_library(transposed_a(128, 2, 640), all_of_avx512) == openblas);
  CHECK(float_library(transposed_a(512, 512, 4096), all_of_avx512) == onednn);
  CHECK(float_library(transposed_b(16, 64, 256), all_of_avx512) == openblas);
  CHECK(float_library(transposed_b(64, 512, 128), all_of_avx512) == onednn);
}

TEST_CASE("[gemm rule] what is over before a library has begun goes to code that is at hand") {
  for (const Multipliers& have : {all_of_avx512, all_of_avx2}) {
    CHECK(float_library(plain(16, 1, 1), have) == libxsmm);
    CHECK(float_library(plain(16, 4, 4), have) == libxsmm);
    CHECK(float_library(plain(4096, 8, 1), have) == libxsmm);
    CHECK(float_library(plain(1, 1, 64), have) == dots);
    CHECK(double_library(plain(16, 1, 64), have) == dots);
  }
  CHECK(float_library(transposed_b(1, 8, 8), all_of_avx512) != libxsmm);
}

TEST_CASE("[gemm rule] a row times a matrix of at most 64 by four registers goes to the kernel for it") {
  for (const Multipliers& have : {all_of_avx512, all_of_avx2, Multipliers{Isa::avx2, false, false}}) {
    const std::int64_t bytes = have.isa == Isa::avx512 ? 256 : 128;
    for (std::int64_t k = 1; k <= 65; ++k) {
      for (std::int64_t n = 1; n <= bytes / 4 + 1; ++n)
        CHECK((float_library(plain(1, n, k), have) == row) ==
              (k <= 64 && n <= bytes / 4 && (n > 1 || k <= 16)));
      for (std::int64_t n = 1; n <= bytes / 8 + 1; ++n)
        CHECK((double_library(plain(1, n, k), have) == row) ==
              (k <= 64 && n <= bytes / 8 && (n > 1 || k <= 16)));
    }
    for (const ProductShape& shape : {plain(2, 8, 8), transposed_a(1, 8, 8), transposed_b(1, 8, 8)})
      CHECK(float_library(shape, have) != row);
  }
}

TEST_CASE("[gemm rule] with AVX2 large products go to oneDNN and small ones to libxsmm") {
  CHECK(float_library(plain(64, 256, 256), {Isa::avx2, false, true}) == onednn);
  CHECK(float_library(plain(64, 200, 200), all_of_avx2) == onednn);
  CHECK(float_library(plain(20, 64, 64), all_of_avx2) == libxsmm);
  CHECK(float_library(plain(640, 128, 2), all_of_avx2) == libxsmm);
}

TEST_CASE("[gemm rule] a library that is missing, slow here, or has no kernel for a shape is never picked") {
  for (const Multipliers& have : all_multipliers())
    for (const ProductShape& shape : many_shapes()) {
      const ProductLibrary f = float_library(shape, have), d = double_library(shape, have);
      if (!have.libxsmm || shape.transpose_b) REQUIRE((f != libxsmm && d != libxsmm));
      if (!have.fast_openblas) REQUIRE(f != openblas);
      if (have.isa == Isa::baseline) REQUIRE((f == onednn && d == openblas));
      REQUIRE(d != onednn);
    }
}

TEST_CASE("[gemm rule] sums over more than 2048 terms are left to libraries that add in blocks") {
  for (const Multipliers& have : all_multipliers())
    for (const ProductShape& shape : many_shapes())
      if (shape.k > 2048) REQUIRE(float_library(shape, have) != libxsmm);
}

TEST_CASE("[gemm rule] extents beyond what int counts go to oneDNN, in double to CBLAS, which refuses them") {
  constexpr std::int64_t large = std::int64_t{1} << 31;
  for (const ProductShape& shape : {plain(large, 2, 2), plain(2, large, 2), plain(2, 2, large)}) {
    CHECK(float_library(shape, all_of_avx512) == onednn);
    CHECK(double_library(shape, all_of_avx512) == openblas);
  }
}
