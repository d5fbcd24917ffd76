#pragma once

#include <span>
#include <string_view>

#include "framework/autodiff/op.hpp"
#include "framework/plan/ir/program.hpp"

namespace unroll {

class StepCode;

/// How one op becomes C++.
struct Emitter {
  enum class How {
    view,     ///< the operand's numbers as they are, where they lie: no code
    element,  ///< element by element: `expression`, in a loop with others of its shape
    product,  ///< a matrix product; one of constants with a vector is stacked with others (stacked_products)
    other     ///< statements of its own: `write`
  };

  std::string_view op;
  How how;
  std::string_view expression = {};  ///< with {0}, {1}, ... for the operands; `lanes` has the functions
  void (*write)(StepCode& code, const ir::Compute& compute) = nullptr;
};

/// One row for each op that a step may have.
std::span<const Emitter> step_emitters();

/// Why the other ops have none.
struct WithoutEmitter {
  std::string_view op;
  std::string_view reason;
};
std::span<const WithoutEmitter> ops_without_emitter();

/// Throws ModelError, naming the op and the reason, where there is none.
const Emitter& emitter_of(const Op& op);

}  // namespace unroll
