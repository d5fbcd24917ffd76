#pragma once

#include <fmt/format.h>

#include <random>
#include <vector>

#include "framework/autodiff/ops/indexing.hpp"
#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/plan/ir/edit.hpp"

namespace unroll {

/// A valid program as no recording would make it: loops whose states are carried as they come, from each
/// other, slices or outside, whose stacks are of anything, and outputs that are inputs or each other.
class RandomProgram {
 public:
  explicit RandomProgram(std::uint64_t seed) : width(seed % 5 == 4 ? 64 : 4), random_(seed) {
    for (const char* name : {"x", "y"}) stacked_.push_back(input(name, {T, B, width}));
    for (const char* name : {"h", "g"}) rows_.push_back(input(name, {B, width}));
    for (const char* name : {"W", "U"}) square_.push_back(input(name, {width, width}));
    bias_ = input("b", {width});
    few_ = input("few", {T, B, 2});
    weight_ = input("V", {width, 2});
    if (chance(2) == 0) program.frozen = {square_[1], bias_};
    tokens_ = input("tokens", {T, B}, Kind::integer);
    table_ = input("table", {5, width});
    rows_.push_back(ir::append(program, program.once, op("fill"), {}, FillAttrs{0.5, {B, width}}));
    if (chance(2) == 0) stacked_.push_back(append(program.code, gather_op(), {table_, tokens_}));
    for (std::size_t n = 2 + chance(4); n-- > 0;) {
      if (chance(3) != 0)
        add_loop();
      else
        add_op();
    }
    std::vector<ir::Id> all = stacked_;
    all.insert(all.end(), rows_.begin() + 2, rows_.end());
    all.insert(all.end(), square_.begin(), square_.end());
    all.insert(all.end(), gradients_.begin(), gradients_.end());
    for (std::size_t n = 2 + chance(5); n-- > 0;) program.outputs.push_back(any(all));
    program.outputs.push_back(stacked_.back());
    program.outputs.push_back(rows_.back());
    ir::remove_dead(program);
  }

  ir::Program program;

 private:
  static constexpr Dim T = Dim::time(), B = Dim::batch();
  using Ids = std::vector<ir::Id>;

  std::size_t chance(std::size_t n) { return random_() % n; }
  ir::Id any(const Ids& pool) { return pool[chance(pool.size())]; }
  static const Op& op(std::string_view name) {
    return **std::ranges::find(op_table(), name, [](const Op* o) { return o->name; });
  }

  ir::Id input(std::string name, Dims dims, Kind kind = Kind::real) {
    program.inputs.push_back(program.add({std::move(dims), kind, std::move(name)}));
    return program.inputs.back();
  }
  ir::Id append(ir::Code& code, const Op& made_by, Ids in, Attrs attrs = {}) {
    return ir::append(program, code, made_by, std::move(in), std::move(attrs));
  }

  /// Of the shape of `pool`'s values.
  ir::Id elementwise(ir::Code& code, const Ids& pool) {
    const ir::Id a = any(pool), b = any(pool);
    const Dims dims = program.dims(a);
    switch (chance(7)) {
      case 0:
        return append(code, op("tanh"), {a});
      case 1:
        return append(code, op("mul"), {append(code, op("tanh"), {a}), b});
      case 2:
        return append(code, unroll::add_op(), {append(code, op("sigmoid"), {a}), bias_});
      case 3:
        return append(code, softmax(), {a});
      case 4:
        return ir::append_reshape(program, code, append(code, reshape_op(), {a}, DimsAttrs{flat(dims)}),
                                  dims);
      case 5:
        return append(code, op("sub"), {append(code, softmax(), {a}), b});
      default:
        return append(code, op("tanh"), {append(code, unroll::add_op(), {a, b})});
    }
  }
  static const Op& softmax() { return op("softmax"); }
  static Dims flat(const Dims& dims) { return {numel(dims)}; }

  void add_op() {
    switch (chance(6)) {
      case 5: {  // products of vectors that are as long as rows of matrices
        const auto spread = [&](Dims dims) {
          const ir::Id sum = append(program.code, sum_to_op(), {any(rows_)}, DimsAttrs{{B, 1}});
          return append(program.code, broadcast_to_op(),
                        {ir::append_reshape(program, program.code, sum, {B, 1, 1})},
                        DimsAttrs{std::move(dims)});
        };
        const ir::Id product = append(program.code, matmul_op(), {spread({B, 64, 1}), spread({B, 1, 16})});
        const ir::Id read = append(program.code, matmul_op(), {product, spread({B, 16, 1})});
        const ir::Id sum = append(program.code, sum_to_op(), {read}, DimsAttrs{{B, 1, 1}});
        return rows_.push_back(
            append(program.code, op("tanh"),
                   {append(program.code, unroll::add_op(),
                           {any(rows_), ir::append_reshape(program, program.code, sum, {B, 1})})}));
      }
      case 4:  // what an embedding's gradient is
        return rows_.push_back(append(
            program.code, matmul_op(),
            {rows_.back(),
             append(
                 program.code, matmul_op(),
                 {append(program.code, scatter_add_op(), {tokens_, any(stacked_)}, ExtentAttrs{5}), table_},
                 MatmulAttrs{true, false})}));
      case 0:
        return rows_.push_back(
            append(program.code, op("tanh"),
                   {append(program.code, sum_to_op(), {any(stacked_)}, DimsAttrs{{B, width}})}));
      case 1:
        return rows_.push_back(elementwise(program.code, rows_));
      case 2:
        return square_.push_back(
            append(program.code, op("tanh"),
                   {append(program.code, matmul_op(), {any(rows_), any(rows_)}, MatmulAttrs{true, false})}));
      default:
        return stacked_.push_back(elementwise(program.code, stacked_));
    }
  }

  void add_loop() {
    ir::Loop loop{.over = ir::Loop::Steps{}, .length = T, .reverse = chance(2) == 0, .body = {}};
    Ids pool, sums;
    Dims sizes;
    for (std::size_t n = 1 + chance(3); n-- > 0;) {
      const ir::Id whole = any(stacked_), part = program.add_like(whole, {B, width});
      loop.slices.push_back({whole, part});
      pool.push_back(part);
    }
    for (std::size_t n = 1 + chance(3); n-- > 0;) {
      const ir::Id initial = any(rows_), before = program.add_like(initial, {B, width});
      loop.states.push_back({initial, before, ir::none});
      pool.push_back(before);
      sizes.push_back(Dim(width) * B);
    }
    const ir::Id tokens = program.add_like(tokens_, {B});
    loop.slices.push_back({tokens_, tokens});
    loop.step_index = program.add({{}, Kind::integer, "step"});
    loop.over = ir::Loop::Steps{sizes};
    const std::size_t states = loop.states.size();
    const ir::Id few = program.add_like(few_, {B, 2});
    loop.slices.push_back({few_, few});
    if (chance(2) == 0)
      pool.push_back(append(loop.body, matmul_op(), {few, weight_}, MatmulAttrs{false, true}));
    if (chance(3) == 0) pool.push_back(any(rows_));
    for (std::size_t n = 3 + chance(6); n-- > 0;)
      pool.push_back(step_op(loop.body, pool, tokens, loop.step_index));
    for (std::size_t k = 0; k < states; ++k)
      loop.states[k].after = chance(4) == 0 ? any(pool) : append(loop.body, op("tanh"), {any(pool)});
    if (width == 4)
      for (std::size_t n = chance(3); n-- > 0;) add_sum(loop, pool);
    const std::size_t square = loop.states.size();
    for (std::size_t n = chance(3); n-- > 0;) add_narrow_sum(loop, pool, few);
    for (std::size_t n = 1 + chance(4); n-- > 0;) {
      const ir::Id part = chance(3) == 0 ? any(pool) : loop.states[chance(states)].after;
      const ir::Id whole = program.add_like(part, {T, B, width});
      loop.stacks.push_back({part, whole});
    }
    for (ir::Loop::State& state : loop.states)
      if (state.final == ir::none && chance(4) != 0)
        state.final = program.add(program.values[static_cast<std::size_t>(state.before)]);
    for (const ir::Loop::Stack& stack : loop.stacks) stacked_.push_back(stack.whole);
    for (std::size_t k = 0; k < square; ++k)
      if (loop.states[k].final != ir::none) (k < states ? rows_ : square_).push_back(loop.states[k].final);
    program.code.push_back({std::move(loop)});
  }

  ir::Id step_op(ir::Code& code, const Ids& pool, ir::Id tokens, ir::Id step) {
    switch (chance(9)) {
      case 5: {
        const Op& mask = op("random_mask");
        return append(
            code, op("mul"),
            {any(pool), append(code, mask, {step, step, step},
                               parse_attrs(mask, fmt::format("{{dims=(B, {}), keep=0.5}}", width)))});
      }
      case 0:
      case 1:
        return append(code, matmul_op(), {any(pool), any(square_)}, MatmulAttrs{false, chance(2) == 0});
      case 2:
        return append(code, gather_op(), {table_, tokens});
      case 3: {  // of what the loop slices, or another one stacks, as a whole
        const ir::Id scores = append(code, op("mul"), {any(stacked_), any(pool)});
        return append(code, softmax(), {append(code, sum_to_op(), {scores}, DimsAttrs{{B, width}})});
      }
      case 4: {
        const ir::Id column = append(code, sum_to_op(), {any(pool)}, DimsAttrs{{B, 1}});
        return append(code, op("tanh"), {append(code, op("mul"), {any(pool), column})});
      }
      default:
        return elementwise(code, pool);
    }
  }

  /// A sum over the steps, from zeros or something else.
  void add_sum(ir::Loop& loop, const Ids& pool) {
    const ir::Id initial =
        chance(3) == 0 ? any(square_) : ir::append_zeros(program, program.code, {width, width});
    const ir::Id before = program.add_like(initial, {width, width});
    const ir::Id addend = append(loop.body, matmul_op(), {any(pool), any(pool)}, MatmulAttrs{true, false});
    loop.states.push_back({initial, before, append(loop.body, unroll::add_op(), {before, addend})});
  }

  /// As above, of vectors with a few numbers of each sequence: of a weight (4, 2).
  void add_narrow_sum(ir::Loop& loop, const Ids& pool, ir::Id few) {
    const ir::Id initial = chance(3) == 0 ? weight_ : ir::append_zeros(program, program.code, {width, 2});
    const ir::Id before = program.add_like(initial, {width, 2}),
                 final = program.add_like(initial, {width, 2});
    const ir::Id addend = append(loop.body, matmul_op(), {any(pool), few}, MatmulAttrs{true, false});
    loop.states.push_back({initial, before, append(loop.body, unroll::add_op(), {before, addend}), final});
    gradients_.push_back(final);
  }

  const std::int64_t width;
  std::mt19937_64 random_;
  Ids stacked_, rows_, square_, gradients_;  ///< (T, B, 4), (B, 4), (4, 4) and (4, 2)
  ir::Id bias_ = ir::none, tokens_ = ir::none, table_ = ir::none, few_ = ir::none, weight_ = ir::none;
};

}  // namespace unroll
