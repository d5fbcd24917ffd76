#pragma once

#include <cstdint>

namespace unroll {

/// The elementwise functions of one and of two operands. These are the lists of them: a function is a name
/// here and its `Function` in kernels/unary.hpp or kernels/binary.hpp, from which kernels, chains and rows of
/// the op table follow.
enum class Unary : std::uint8_t {
  neg,
  exp,
  log,
  sqrt,
  square,
  abs,
  sign,
  sin,
  cos,
  tanh,
  sigmoid,
  relu,
  softplus,
  erf,
  floor,
  round,
  count  ///< no function
};
enum class Binary : std::uint8_t {
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  count  ///< no function
};
inline constexpr int unary_count = static_cast<int>(Unary::count);
inline constexpr int binary_count = static_cast<int>(Binary::count);

/// What the reverse pass reads of an op's values; everything else may be forgotten after the forward pass.
enum class Keep { nothing = 0, inputs = 1, output = 2, both = 3 };

/// Where gradient checks sample real operands: inside the op's smooth domain.
enum class Domain {
  real,       ///< standard normal
  positive,   ///< in [0.5, 2]
  nonzero,    ///< ±[0.5, 2]: away from kinks and poles at 0
  separated,  ///< no two elements of the operands closer than 0.05: away from ties
};

}  // namespace unroll
