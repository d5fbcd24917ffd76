#include "experiments/export/header/values.hpp"

#include <algorithm>

#include "experiments/export/header/emitter.hpp"
#include "framework/autodiff/ops/shaping.hpp"

namespace unroll {
namespace {

/// A slice is a part of its operand where nothing in front of its axis is repeated.
bool slice_view(const ModelStep& step, const ir::Compute& compute, std::int64_t& offset) {
  const Shape in = step.shape(compute.in[0]);
  const auto& range = compute.attrs.as<RangeAttrs>();
  std::int64_t outer = 1, inner = 1;
  for (std::size_t axis = 0; axis < in.rank(); ++axis) {
    if (static_cast<std::int64_t>(axis) < range.axis) outer *= in[axis];
    if (static_cast<std::int64_t>(axis) > range.axis) inner *= in[axis];
  }
  const std::int64_t along = in[static_cast<std::size_t>(range.axis)];
  offset = range.first_of(along) * inner;
  return outer == 1 || range.extent.at({}) == along;
}

/// A transpose that moves nothing but axes of extent 1.
bool keeps_order(const ModelStep& step, const ir::Compute& compute) {
  const Shape in = step.shape(compute.in[0]);
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : compute.attrs.as<TransposeAttrs>().permutation)
    if (in[static_cast<std::size_t>(axis)] != 1) axes.push_back(axis);
  return std::ranges::is_sorted(axes);
}

}  // namespace

std::vector<std::int64_t> wide_extents(const Shape& shape) {
  std::vector<std::int64_t> extents;
  std::ranges::copy_if(shape, std::back_inserter(extents), [](std::int64_t extent) { return extent != 1; });
  return extents;
}

StepValues::StepValues(const ModelStep& step) : step_(step), reads_(step.program.values.size(), 0) {
  const auto read = [&](ir::Id id) { ++reads_[static_cast<std::size_t>(view(id).root)]; };
  for (const ir::Instruction& instruction : step.program.code) {
    const ir::Compute& compute = *instruction.compute();
    View found;
    if (find_view(compute, found))
      views_.emplace(compute.out, found);
    else
      std::ranges::for_each(compute.in, read);
  }
  std::ranges::for_each(step.program.outputs, read);
}

bool StepValues::find_view(const ir::Compute& compute, View& found) const {
  const std::string_view op = compute.op->name;
  std::int64_t offset = 0;
  const bool same_count = compute.in.size() == 1 && count(compute.in[0]) == count(compute.out);
  const bool is = emitter_of(*compute.op).how == Emitter::How::view ||
                  (same_count && (op == "broadcast_to" || op == "sum_to" || op == "concat")) ||
                  (op == "transpose" && keeps_order(step_, compute)) ||
                  (op == "slice" && slice_view(step_, compute, offset));
  if (!is) return false;
  found = view(compute.in[0]);
  found.offset += offset;
  return true;
}

const Tensor<float>* StepValues::constant(ir::Id id) const {
  const auto found = step_.constants.find(id);
  return found == step_.constants.end() ? nullptr : &found->second;
}

const float* StepValues::uniform(ir::Id id) const {
  const Tensor<float>* tensor = constant(id);
  if (!tensor || tensor->numel() == 0) return nullptr;
  const auto same = [&](float x) { return x == (*tensor)[0]; };
  return std::ranges::all_of(tensor->span(), same) ? tensor->data() : nullptr;
}

}  // namespace unroll
