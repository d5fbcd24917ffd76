#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/parameter.hpp"

namespace unroll {

/// A recurrent state: its name in the equations, its shape in one sequence, and where it starts.
struct StateSpec {
  std::string name;
  Shape shape;           ///< (size), or (rows, columns)
  double start = 0;      ///< every element before the first step
  bool counts = false;   ///< counts steps: dropout, zoneout and learned starts leave it alone
  bool learned = false;  ///< started from a parameter start.NAME instead

  /// (rows, shape...): of a batch.
  Dims dims(Dim rows) const;
  Shape batch_shape(std::int64_t rows) const { return resolve(dims(rows), {}); }
};

/// What every cell is made from.
struct CellOptions {
  std::int64_t input_size;
  std::int64_t hidden_size;
  std::string activation = "tanh";
  std::map<std::string, double> constants = {};  ///< values of hyperparameters that replace the defaults
  /// Numbers of a second input, and of the outputs, at each step: of a cell that names them. By default those
  /// of a cell that is looked at alone.
  std::int64_t context_size = 2, output_size = 2;
};

/// What a step is given.
struct StepInputs {
  Var x;                   ///< (B, input_size)
  std::vector<Var> state;  ///< before the step, in the order of states()
  Var noise = {};          ///< (B, noise_size()), standard normal; without it the noise is 0
  bool training = true;    ///< or is this an evaluation, for noise that is of training alone
  Var context = {};        ///< (B, context_size()): the second input at this step
  Var feedback = {};       ///< (B, feedback_size()): the outputs after the step before, or their targets
};

/// What a step computes: the states after it, in the order of states(), and what else it has a name for.
struct CellStep {
  std::vector<Var> state;
  std::map<std::string, Var, std::less<>> values = {};  ///< by name: gates, candidates
};

/// A recurrent cell: a pure step. No time loop, no mutable state, no memory of its own; scan() brings time,
/// gradients() the reverse pass and Plan the speed. A state is (B, shape...).
class Cell {
 public:
  virtual ~Cell() = default;

  virtual std::vector<ParameterSpec> parameters() const = 0;
  /// The first state is the one that a readout, or the next layer, sees: a vector.
  virtual std::vector<StateSpec> states() const = 0;
  /// How many numbers of noise a step wants for each sequence.
  virtual std::int64_t noise_size() const { return 0; }
  /// How many numbers of a second input a step reads; 0: it has one input.
  virtual std::int64_t context_size() const { return 0; }
  /// How many outputs of the step before it reads; 0: none are fed back.
  virtual std::int64_t feedback_size() const { return 0; }
  virtual CellStep step(const Parameters& p, const StepInputs& in) const = 0;
};

}  // namespace unroll
