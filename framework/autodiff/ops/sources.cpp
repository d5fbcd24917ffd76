#include "framework/autodiff/ops/sources.hpp"

#include <algorithm>

#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

Dims as_declared(const ShapeArgs& args) { return args.attrs.dims; }
Dims scalar(const ShapeArgs&) { return {}; }

constexpr std::string_view no_operands = "it has no operands";

}  // namespace

constexpr Op input_op{
    .name = "input", .arity = 0, .shape = as_declared, .forward = {}, .constant_because = no_operands};

constexpr Op index_input_op{
    .name = "index_input", .arity = 0, .shape = as_declared, .forward = {}, .constant_because = no_operands};

constexpr Op step_index_op{
    .name = "step_index", .arity = 0, .shape = scalar, .forward = {}, .constant_because = no_operands};

constexpr Op constant_op{.name = "constant",
                         .arity = 0,
                         .shape = as_declared,
                         .forward = forward([](const auto& c) {
                           std::copy(c.attrs.constant->data(),
                                     c.attrs.constant->data() + c.out_shape->numel(), c.out);
                         }),
                         .constant_because = no_operands};

constexpr Op fill_op{.name = "fill",
                     .arity = 0,
                     .shape = as_declared,
                     .forward = forward([](const auto& c) {
                       std::fill_n(c.out, c.out_shape->numel(),
                                   static_cast<std::decay_t<decltype(*c.out)>>(c.attrs.scalar));
                     }),
                     .constant_because = no_operands};

constexpr Op count_op{.name = "count",
                      .arity = 0,
                      .shape = scalar,
                      .forward = forward([](const auto& c) {
                        c.out[0] =
                            static_cast<std::decay_t<decltype(*c.out)>>(numel(c.attrs.dims).at(c.sizes));
                      }),
                      .constant_because = no_operands};

Var step_index(Var any) { return any.tape().step_index(); }

Var count(Var any, Dims dims) {
  Attrs attrs;
  attrs.dims = std::move(dims);
  return any.tape().record(count_op, {}, std::move(attrs));
}

}  // namespace unroll
