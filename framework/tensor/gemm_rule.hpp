#pragma once

#include <cstdint>
#include <string_view>

#include "framework/tensor/cpu.hpp"

namespace unroll {

/// Which library makes which product: a function of the shape, the transposes and of what the process has,
/// never of a clock, so that the same product has the same bits in every run on one CPU model.

/// `row` and `dots` are kernels of our own.
enum class ProductLibrary { onednn, openblas, libxsmm, row, dots };

/// C = op(A) op(B), op(A) of shape (m, k), op(B) of shape (k, n), row-major.
struct ProductShape {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
};

/// What a process multiplies with: the same from its start to its end. oneDNN (float) and OpenBLAS (double)
/// are always there.
struct Multipliers {
  Isa isa = Isa::baseline;
  bool fast_openblas = false;  ///< its kernels are those of `isa`
  bool libxsmm = false;        ///< it makes code for `isa`
};

ProductLibrary float_library(const ProductShape& shape, const Multipliers& have);
ProductLibrary double_library(const ProductShape& shape, const Multipliers& have);

}  // namespace unroll
