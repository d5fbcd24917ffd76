#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/parameter.hpp"

namespace unroll {

/// A recurrent state: its name in the equations and its size.
struct StateSpec {
  std::string name;
  std::int64_t size;
};

/// What every cell is made from.
struct CellOptions {
  std::int64_t input_size;
  std::int64_t hidden_size;
  std::string activation = "tanh";
};

/// A recurrent cell: a pure step. No time loop, no mutable state, no memory of its own; scan() brings time,
/// gradients() the reverse pass and Plan the speed. x is (B, input_size), a state (B, size).
class Cell {
 public:
  virtual ~Cell() = default;

  virtual std::vector<ParameterSpec> parameters() const = 0;
  /// The first state is the one that a readout sees.
  virtual std::vector<StateSpec> states() const = 0;
  /// The states after the step, in the order of states().
  virtual std::vector<Var> step(const Parameters& p, Var x, const std::vector<Var>& state) const = 0;
};

}  // namespace unroll
