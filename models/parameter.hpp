#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// What a parameter does, which decides how it is initialised.
enum class Role { input_matrix, recurrent_matrix, readout_matrix, bias };

/// A named parameter. Matrices are stored (out, in), so that W x is linear(x, W).
struct ParameterSpec {
  std::string name;
  Shape shape;
  Role role;
};

/// A model's parameters on a tape, by name.
class Parameters {
 public:
  /// One input of the tape for each spec.
  Parameters(Tape& tape, std::span<const ParameterSpec> specs);

  /// Throws std::invalid_argument naming the unknown parameter and the known ones.
  Var operator[](std::string_view name) const;
  /// In the order of the specs.
  const std::vector<Var>& all() const { return vars_; }

 private:
  std::vector<std::string> names_;
  std::vector<Var> vars_;
};

}  // namespace unroll
