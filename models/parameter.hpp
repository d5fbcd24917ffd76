#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "models/initialiser.hpp"

namespace unroll {

/// What a parameter does, which decides how it is initialised.
enum class Role { input_matrix, recurrent_matrix, readout_matrix, bias };

/// What a parameter's elements may be: after each update they are moved to the nearest value inside.
struct Bounds {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

/// A named parameter. Matrices are stored (out, in), so that W x is linear(x, W).
struct ParameterSpec {
  std::string name;
  Shape shape;
  Role role;
  std::optional<InitialiserOptions> init = std::nullopt;  ///< instead of what is usual for the role
  bool trained = true;
  Bounds bounds = {};
  double rate = 1;  ///< its learning rate is so many times that of the others
};

/// Elements of those that are trained.
std::int64_t trained_numbers(std::span<const ParameterSpec> specs);

/// A model's parameters on a tape, by name.
class Parameters {
 public:
  /// One input of the tape for each spec. Throws std::invalid_argument when two have the same name.
  Parameters(Tape& tape, std::span<const ParameterSpec> specs);

  /// Throws std::invalid_argument naming the unknown parameter and the known ones.
  Var operator[](std::string_view name) const;
  /// In the order of the specs.
  const std::vector<Var>& all() const { return vars_; }
  /// Those whose names begin with `prefix`, by the rest of their names: a layer's.
  Parameters part(std::string_view prefix) const;

 private:
  Parameters() = default;

  std::vector<std::string> names_;
  std::vector<Var> vars_;
};

}  // namespace unroll
