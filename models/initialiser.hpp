#pragma once

#include <cstdint>
#include <memory>
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
  /// std of "normal", bound of "uniform", gain of "orthogonal" and "identity", value of "constant"
  double scale = 1;
  double spectral_radius = 0.95;  ///< "sparse": largest |eigenvalue| after rescaling, > 0
  std::int64_t nonzeros = 15;     ///< "sparse": weights other than 0 in each row; all of a shorter row
  double low = 0;                 ///< "range" and "ring": the least value
  double high = 1;                ///< "range" and "ring": the largest value; "phase": the largest angle
  double steps = 100;             ///< "chrono": the longest memory that is expected, in steps, above 2
  double count = 0;               ///< "signs": how many are -1, rounded down
  std::string of = {};            ///< derived initialisers: the parameter whose start is taken
  std::shared_ptr<const Tensor<double>> values = nullptr;  ///< the start itself, whatever the name says
};

/// One row per initialiser.
struct InitialiserRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  Tensor<double> (*make)(const InitialiserOptions&, const Shape&, Stream&);
  std::string_view arguments = "";  ///< what a cell's equations may give in parentheses
  void (*take)(InitialiserOptions&, std::span<const double>) = nullptr;
};

/// The list of all initialisers.
std::span<const InitialiserRow> initialiser_table();
std::vector<std::string> initialiser_names();

/// A start that follows, element by element, from another parameter's: `init negative(b_f)`.
struct DerivedInitialiserRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  double (*value)(double);
};

/// The list of them.
std::span<const DerivedInitialiserRow> derived_initialiser_table();
/// Null when there is none of that name.
const DerivedInitialiserRow* find_derived_initialiser(std::string_view name);

/// What `init NAME(ARGUMENTS)` in a cell's equations means. Throws std::invalid_argument for an unknown name
/// or too many arguments.
InitialiserOptions initialiser_options(std::string_view name, std::span<const double> arguments);

/// The start of a parameter of `shape`, drawn from `stream` in double and rounded. A matrix is stored (out,
/// in): its fan-in is its columns, its fan-out its rows. For a derived initialiser see derive(). Throws
/// std::invalid_argument naming an unknown initialiser and the known ones, an option out of its range, or a
/// shape the initialiser does not make (identity and sparse: square matrices; glorot and orthogonal:
/// matrices; given values: their own).
Tensor<float> initialise(const InitialiserOptions& options, const Shape& shape, Stream& stream);

/// The start that a derived initialiser makes from that of the parameter options.of. Throws
/// std::invalid_argument naming an unknown initialiser.
Tensor<float> derive(const InitialiserOptions& options, const Tensor<float>& start);

}  // namespace unroll
