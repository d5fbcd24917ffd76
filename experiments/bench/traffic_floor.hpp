#pragma once

#include <cstdint>
#include <vector>

#include "framework/tensor/jit/routine.hpp"
#include "framework/tensor/large_pages.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

/// What the equations that each step does make for one sequence, products aside.
struct Traffic {
  std::int64_t elements = 0;    ///< of all values and next states
  std::int64_t operations = 0;  ///< elementwise ones, and those of a state's matrix times a vector
  std::int64_t functions = 0;   ///< of the elementwise ones: exponentials and the like
};
Traffic traffic_of(const EquationCell& cell);

/// What both passes over a cell's values take where each is written once, from one of the step before, and
/// read once by the reverse pass, with a cotangent that is carried from step to step. On the way there is an
/// instruction for every two operations of the equations (a multiplication with an addition is one), and for
/// each function, whichever it is, a tanh; twice as many in the reverse pass. The machine code is made like
/// that of the engine's chains, and memory is in large pages as the engine's is. A measure, not a bound: a
/// kernel by hand that keeps a sequence's matrix in the cache took 15 to 17 ms of DeltaNet (T = 100, B = 20,
/// H = 128), where this takes 24.5.
class TrafficFloor {
 public:
  TrafficFloor(const Traffic& step, std::int64_t rows, std::int64_t steps);

  void run();

 private:
  void run(const jit::ChainPiece& piece, const jit::Routine& routine, float* read, float* written);

  std::int64_t elements_, steps_;
  std::vector<float, LargePages<float>> values_, cotangent_;
  jit::ChainPiece forward_, reverse_;
  jit::Routine forward_routine_, reverse_routine_;
};

}  // namespace unroll
