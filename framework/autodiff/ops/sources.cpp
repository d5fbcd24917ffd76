#include "framework/autodiff/ops/sources.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/shaping.hpp"

namespace unroll {
namespace {

Dims scalar(const ShapeArgs&) { return {}; }

Dims shape_of_tensor(const ShapeArgs& args) {
  const Shape& shape = args.attrs.as<ConstantAttrs>().tensor->shape();
  return {shape.begin(), shape.end()};
}

}  // namespace

// The shapes of inputs are given where they are recorded.
constexpr Op input_op{.name = "input", .shape = nullptr, .attrs = &attrs_type<InputAttrs>};

constexpr Op index_input_op{
    .name = "index_input", .result = Kind::integer, .shape = nullptr, .attrs = &attrs_type<InputAttrs>};

constexpr Op step_index_op{.name = "step_index", .result = Kind::integer, .shape = scalar};

constexpr Op constant_op{.name = "constant",
                         .shape = shape_of_tensor,
                         .forward = forward([](const auto& c) {
                           const auto& tensor = *c.attrs.template as<ConstantAttrs>().tensor;
                           std::copy(tensor.data(), tensor.data() + tensor.numel(), c.out);
                         }),
                         .attrs = &attrs_type<ConstantAttrs>};

constexpr Op fill_op{
    .name = "fill",
    .shape = [](const ShapeArgs& args) { return args.attrs.as<FillAttrs>().dims; },
    .forward = forward([](const auto& c) {
      std::fill_n(c.out, c.out_shape->numel(),
                  static_cast<std::decay_t<decltype(*c.out)>>(c.attrs.template as<FillAttrs>().value));
    }),
    .attrs = &attrs_type<FillAttrs>};

constexpr Op count_op{.name = "count",
                      .shape = scalar,
                      .forward = forward([](const auto& c) {
                        c.out[0] = static_cast<std::decay_t<decltype(*c.out)>>(
                            numel(c.attrs.template as<DimsAttrs>().dims).at(c.sizes));
                      }),
                      .attrs = &attrs_type<DimsAttrs>};

std::string input_name(const Attrs& attrs) {
  const InputAttrs* input = attrs.get_if<InputAttrs>();
  return input ? input->name : "";
}

Var step_index(Var any) { return any.tape().step_index(); }

Var count(Var any, Dims dims) { return any.tape().record(count_op, {}, DimsAttrs{std::move(dims)}); }

}  // namespace unroll
