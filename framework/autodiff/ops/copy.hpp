#pragma once

#include <algorithm>

#include "framework/autodiff/op.hpp"

namespace unroll {

/// The operand's elements as they are: identity, stop_gradient, reshape.
inline constexpr Forward copy_forward =
    forward([](const auto& c) { std::copy_n(c.real(0), c.out_shape->numel(), c.out); });

/// The same of integers.
inline constexpr Forward copy_indices_forward =
    forward([](const auto& c) { std::copy_n(c.integer(0), c.out_shape->numel(), c.integer_out()); });

}  // namespace unroll
