#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/random/stream.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// How a parameter starts. What an initialiser does not use it ignores.
struct InitialiserOptions {
  std::string name = "glorot";
  double scale = 1;  ///< std of "normal", bound of "uniform", gain of "orthogonal" and "identity"
  double spectral_radius = 0.95;  ///< "sparse": largest |eigenvalue| after rescaling, > 0
  std::int64_t nonzeros = 15;     ///< "sparse": weights other than 0 in each row; all of a shorter row
};

/// One row per initialiser.
struct InitialiserRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  Tensor<double> (*make)(const InitialiserOptions&, const Shape&, Stream&);
};

/// The list of all initialisers.
std::span<const InitialiserRow> initialiser_table();
std::vector<std::string> initialiser_names();

/// The start of a parameter of `shape`, drawn from `stream` in double and rounded. A matrix is stored (out,
/// in): its fan-in is its columns, its fan-out its rows. Throws std::invalid_argument naming an unknown
/// initialiser and the known ones, an option out of its range, or a shape the initialiser does not make
/// (identity and sparse: square matrices; glorot and orthogonal: matrices).
Tensor<float> initialise(const InitialiserOptions& options, const Shape& shape, Stream& stream);

}  // namespace unroll
