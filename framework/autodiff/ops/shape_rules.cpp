#include "framework/autodiff/ops/shape_rules.hpp"

#include <fmt/format.h>

namespace unroll {

void shape_error(const ShapeArgs& args, const std::string& reason) {
  std::string shapes;
  for (const Dims& dims : args.in) shapes += (shapes.empty() ? "" : " and ") + to_string(dims);
  throw ShapeError(fmt::format("[{}] shape{} {} {} not fit: {}", args.op, args.in.size() == 1 ? "" : "s",
                               shapes, args.in.size() == 1 ? "does" : "do", reason));
}

Dims broadcast_shape(const ShapeArgs& args) {
  Dims result = args.in[0];
  for (std::size_t i = 1; i < args.in.size(); ++i) {
    const std::optional<Dims> wider = broadcast(result, args.in[i]);
    if (!wider) shape_error(args, "counted from the last axis, extents must be equal or 1");
    result = *wider;
  }
  return result;
}

Dims same_shape(const ShapeArgs& args) { return args.in[0]; }

std::size_t normal_axis(std::string_view op, const Dims& dims, std::int64_t axis) {
  const auto rank = static_cast<std::int64_t>(dims.size());
  if (axis < -rank || axis >= rank)
    throw ShapeError(
        fmt::format("[{}] axis {} is outside shape {}, which has {} axes", op, axis, to_string(dims), rank));
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

AxisSplit split_at(const Shape& shape, std::int64_t axis) {
  AxisSplit split{1, shape[axis], 1};
  for (std::int64_t i = 0; i < axis; ++i) split.outer *= shape[i];
  for (std::size_t i = axis + 1; i < shape.rank(); ++i) split.inner *= shape[i];
  return split;
}

}  // namespace unroll
