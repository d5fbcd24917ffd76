#pragma once

namespace unroll {

/// What products of 128 x 128 x 128 do on the calling thread, best of several.
struct ProductSpeed {
  double float_gflops;
  double double_gflops;
  double float_error, double_error;  ///< the largest ones, against a plain loop in double
};

/// Takes a few milliseconds.
ProductSpeed measure_products();

}  // namespace unroll
