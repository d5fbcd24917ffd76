#pragma once

#include "framework/autodiff/op.hpp"

namespace unroll {

/// "[matmul] shapes (B, 100) and (128, 50) do not fit: ...".
[[noreturn]] void shape_error(const ShapeArgs& args, const std::string& reason);

/// numpy's broadcasting over all operands.
Dims broadcast_shape(const ShapeArgs& args);
/// The shape of the first operand.
Dims same_shape(const ShapeArgs& args);

/// `axis` counted from 0; throws ShapeError when a value of shape `dims` has no such axis.
std::size_t normal_axis(std::string_view op, const Dims& dims, std::int64_t axis);

/// Rows before, and elements after, an axis of a concrete shape: shape = (outer..., extent, inner...).
struct AxisSplit {
  std::int64_t outer, extent, inner;
};
AxisSplit split_at(const Shape& shape, std::int64_t axis);

}  // namespace unroll
