#include "framework/tensor/gemm_rule.hpp"

// Measured on one thread of an AMD EPYC (Zen 4), in GFLOP/s, best of several interleaved runs: oneDNN 2.6.3,
// OpenBLAS 0.3.21 (Cooperlake kernels; Haswell for AVX2), libxsmm 1.17. N and T say whether A and B are
// transposed. The rules were fitted to some 2,000 shapes that recurrent networks use: 1 to 128 rows, 16 to
// 512 units and up to four gates, weight gradients over 64 to 1,280 rows, 1 to 20 inputs or outputs. Here
// stands a line for each thing that they rest on.
//
//                            AVX-512                      AVX2 (same CPU, libraries held back)
//         m    n    k    oneDNN  OpenBLAS  libxsmm      oneDNN  OpenBLAS  libxsmm
//   NN   20  128  128       100       110      112         105        79      114   one step's recurrence
//   NN   20   50   50        65       100       89          73        76       66   registers not full
//   NN   64  256  256       114        97      117         110        98       88
//   NN    1   64   64        40        79       77          39        14       53   one row
//   NN    1 1024  256        42        18       19          42         8       12
//   NN  640  128    2        57        63       68          59        37       73   few inputs
//   NN  640    2  128        10        87       14          20        24        6   few outputs
//   NN  640    1  128        48        57        7          48        12        6
//   NN   64 1024 1024        93        83      103          95       101       36
//   NN   20 2048 2048        80        53       50          57        67       14   B outgrows the cache
//   TN  128  128  640       117       100      118          90       106       81   weight gradients
//   TN   50   50  640        79        81       92          76        76       42
//   TN  128    2  640        10       109       15          16        21        6
//   TN  512  512 4096       114       100       91          72       102       30
//   NT   16   64  256        35       107        -          87        61        -   small for OpenBLAS
//   NT   64  512  128       109        93        -         108        98        -   packed by oneDNN
//
// Against the best library of each shape the rules lose 1 % on average with AVX-512 and 4 % with AVX2; one
// shape in fifty, or one in seven, is more than a tenth slower than it could be. On an Intel Xeon with
// AVX-512 oneDNN and libxsmm are close to each other everywhere (20x128x128: 155 and 145; 64x256x256: 167 and
// 163).

namespace unroll {

namespace {

/// Then a product of two extents, or the sum of two such, does not overflow.
bool countable_in_int(const ProductShape& p) {
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  return p.m <= most && p.n <= most && p.k <= most;
}

/// The part of the last registers' lanes that a row of C fills, in registers of `lanes` elements: what
/// libxsmm's speed is proportional to.
double filled(std::int64_t n, std::int64_t lanes) {
  return static_cast<double>(n) / static_cast<double>((n + lanes - 1) / lanes * lanes);
}

/// The elements that a product walks through once per row of C, which must stay in the cache: all of B, and
/// of a transposed A a column at a time.
std::int64_t walked(const ProductShape& p) { return p.transpose_a ? p.k * (p.m + p.n) : p.n * p.k; }

/// libxsmm adds in one chain over k and counts bytes in int: beyond this the sums lose digits against the
/// others', which add in blocks.
constexpr std::int64_t longest_chain = 2048;
constexpr std::int64_t largest_matrix = std::int64_t{1} << 26;

bool libxsmm_can(const ProductShape& p, const Multipliers& have) {
  return have.libxsmm && !p.transpose_b && p.k <= longest_chain && p.m * p.k <= largest_matrix &&
         p.n * p.k <= largest_matrix && p.m * p.n <= largest_matrix;
}

/// m n k <= limit, for a limit below 2^31.
bool within(const ProductShape& p, std::int64_t limit) {
  return p.m * p.n <= limit && p.m * p.n * p.k <= limit;
}

/// Products that are over before another library has begun: a kernel of libxsmm's that is at hand takes 2.4
/// ns at 1x1x1, where OpenBLAS takes 16 and oneDNN 90; 16x4x4 take 16 and 133, 16x12x12 85 and 148; 4096 rows
/// of 8 by 1, added to, 2,200 and 32,500. Longer sums over few columns are as fast in the others.
bool tiny(const ProductShape& p) {
  if (p.transpose_b || (p.n == 1 && p.k >= 8)) return false;
  if (p.k <= 2) return walked(p) <= std::int64_t{1} << 20;
  return (p.n < 16 && p.k <= 16 && !p.transpose_a) || (p.k <= 24 && within(p, 8192));
}

/// A row times a small matrix, `lanes` elements to a register. libxsmm adds along k in one chain, which is as
/// long as a step of a recurrence takes: 1x8x8 takes 4 ns while others are under way, but 9 until its sum is
/// there.
bool short_row(const ProductShape& p, std::int64_t lanes) {
  return p.m == 1 && !p.transpose_a && !p.transpose_b && p.n <= 4 * lanes && p.k <= 64;
}

/// A few short columns of dot products: 16 of 64 take 60 ns, OpenBLAS 82, libxsmm 310. A single short one is
/// rather a row of one column, which machine code takes along with its neighbours.
bool few_dots(const ProductShape& p) {
  return p.n == 1 && !p.transpose_a && p.k >= (p.m == 1 ? 17 : 8) && p.m * p.k <= 2048;
}

/// OpenBLAS has kernels of its own for products below this, with AVX-512 only.
constexpr std::int64_t small_for_openblas = 1'000'000;

// `blas` and `xsmm` are OpenBLAS and libxsmm where they can be taken, else oneDNN.

ProductLibrary avx512_float(const ProductShape& p, ProductLibrary blas, ProductLibrary xsmm) {
  using enum ProductLibrary;
  if (few_dots(p)) return dots;
  if (short_row(p, 16)) return row;
  if (tiny(p)) return xsmm;
  if (p.transpose_b) {
    if (p.n >= 112 && p.m * p.n > 1200) return onednn;
    if ((p.k < 8 && p.m >= 112) || p.k % 1024 == 0) return onednn;
    return blas;
  }
  if (p.n == 1) {
    const bool short_columns = p.m <= 32 || p.m * p.k <= 8192;
    return (p.transpose_a ? short_columns : p.k >= 32) ? blas : onednn;
  }
  if (p.m == 1) return p.n * p.k <= 32768 ? xsmm : onednn;
  if (walked(p) > std::int64_t{1} << 20) return onednn;
  const double full = filled(p.n, 16);
  if (full >= 0.8 || (full > 0.6 && (p.m < 8 || p.k <= 2))) return xsmm;
  if (blas != onednn && within(p, small_for_openblas)) return blas;
  // Rows of A 2 kB apart share cache sets.
  if (p.n < 16 && p.k >= 512 && !p.transpose_a) return blas;
  return p.n >= 4 || blas == onednn ? xsmm : blas;
}

ProductLibrary avx2_float(const ProductShape& p, ProductLibrary blas, ProductLibrary xsmm) {
  using enum ProductLibrary;
  if (few_dots(p)) return dots;
  if (short_row(p, 8)) return row;
  if (tiny(p)) return xsmm;
  if (p.transpose_b) return p.m > 1 && within(p, 8192) ? blas : onednn;
  if (p.n == 1) return onednn;
  const std::int64_t b = p.n * p.k;
  if (p.m == 1) return b <= 16384 ? xsmm : onednn;
  if (p.k <= 2 && p.n >= 16) return xsmm;
  const bool near = (p.k <= 64 && b <= 131072) || (!p.transpose_a && b <= 8192) || (p.m <= 2 && b <= 262144);
  if (filled(p.n, 8) > 0.85 && near) return xsmm;
  // oneDNN runs at half its speed where the rows it walks along are 1 kB apart, or a multiple.
  return (p.transpose_a ? p.m : p.n) % 256 == 0 ? blas : onednn;
}

}  // namespace

ProductLibrary float_library(const ProductShape& shape, const Multipliers& have) {
  using enum ProductLibrary;
  if (have.isa == Isa::baseline || !countable_in_int(shape)) return onednn;
  const ProductLibrary blas = have.fast_openblas ? openblas : onednn;
  const ProductLibrary xsmm = libxsmm_can(shape, have) ? libxsmm : onednn;
  return have.isa == Isa::avx512 ? avx512_float(shape, blas, xsmm) : avx2_float(shape, blas, xsmm);
}

// With AVX-512, in GFLOP/s: NN 20x128x512 OpenBLAS 41, libxsmm 59; 64x50x200 56 and 52; 640x2x64 35 and 14;
// TN 128x128x64 44 and 55; 256x10x64 48 and 34; a row times a matrix runs at the same speed in both.
ProductLibrary double_library(const ProductShape& shape, const Multipliers& have) {
  using enum ProductLibrary;
  if (have.isa == Isa::baseline || !countable_in_int(shape)) return openblas;
  if (few_dots(shape)) return dots;
  if (short_row(shape, have.isa == Isa::avx512 ? 8 : 4)) return row;
  if (!libxsmm_can(shape, have)) return openblas;
  if (tiny(shape) || (shape.m == 1 && shape.n * shape.k <= 32768)) return libxsmm;
  if (have.isa != Isa::avx512) return openblas;
  if (shape.m == 1 || shape.n == 1 || walked(shape) > std::int64_t{1} << 19) return openblas;
  return filled(shape.n, 8) >= 0.8 ? libxsmm : openblas;
}

}  // namespace unroll
