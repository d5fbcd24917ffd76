#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/edit.hpp"

namespace unroll {

/// Straight-line code on wide rows, in any order: readouts, what follows from them elementwise, along rows
/// and over them, products back, and outputs of all of it.
class RandomReadout {
 public:
  explicit RandomReadout(std::uint64_t seed) : random_(seed) {
    narrow_ = {input({T, 2}), input({T, 2})};
    weights_ = {input({wide, 2}), input({wide, 2})};
    vectors_ = {input({wide})};
    columns_ = {input({T, 1})};
    rows_ = {readout()};
    for (std::size_t n = 4 + random_() % 12; n-- > 0;) add();
    for (const auto* pool : {&narrow_, &weights_, &vectors_, &columns_})
      for (std::size_t n = random_() % 3; n-- > 0;) program.outputs.push_back(any(*pool));
    if (random_() % 4 == 0) program.outputs.push_back(any(rows_));
    program.outputs.push_back(narrow_.back());
    ir::remove_dead(program);
  }

  ir::Program program;

 private:
  static constexpr std::int64_t wide = 1024;
  static constexpr Dim T = Dim::time();
  using Ids = std::vector<ir::Id>;

  ir::Id any(const Ids& pool) { return pool[random_() % pool.size()]; }
  ir::Id input(Dims dims) {
    program.inputs.push_back(program.add({std::move(dims), Kind::real, "x"}));
    return program.inputs.back();
  }
  ir::Id append(const Op& op, Ids in, Attrs attrs = {}) {
    return ir::append(program, program.code, op, std::move(in), std::move(attrs));
  }
  ir::Id append(std::string_view name, Ids in, Attrs attrs = {}) {
    return append(**std::ranges::find(op_table(), name, [](const Op* op) { return op->name; }), std::move(in),
                  std::move(attrs));
  }
  ir::Id readout() { return append(matmul_op(), {any(narrow_), any(weights_)}, MatmulAttrs{false, true}); }

  void add() {
    switch (random_() % 12) {
      case 0:
        return rows_.push_back(readout());
      case 1:
        return rows_.push_back(append("softmax", {any(rows_)}));
      case 2:
        return rows_.push_back(append("tanh", {append("sub", {any(rows_), any(rows_)})}));
      case 3:
        return rows_.push_back(append("add", {any(rows_), any(vectors_)}));
      case 4:
        return rows_.push_back(append("mul", {any(rows_), any(columns_)}));
      case 5:
        return columns_.push_back(append("logsumexp", {any(rows_)}));
      case 6:
        return columns_.push_back(append("tanh", {append(sum_to_op(), {any(rows_)}, DimsAttrs{{T, 1}})}));
      case 7:
        return vectors_.push_back(append("tanh", {append(sum_to_op(), {any(rows_)}, DimsAttrs{{wide}})}));
      case 8:
        return weights_.push_back(
            append("tanh", {append(matmul_op(), {append("softmax", {any(rows_)}), any(narrow_)},
                                   MatmulAttrs{true, false})}));
      case 9:
        return rows_.push_back(ir::append_reshape(
            program, program.code,
            append("exp", {append("tanh", {ir::append_reshape(program, program.code, any(rows_),
                                                              {T, 2, wide / 2})})}),
            {T, wide}));
      case 10:
        return rows_.push_back(append(broadcast_to_op(), {any(columns_)}, DimsAttrs{{T, wide}}));
      default:
        return narrow_.push_back(append("tanh", {append(matmul_op(), {any(rows_), any(weights_)})}));
    }
  }

  std::mt19937_64 random_;
  Ids narrow_, weights_, vectors_, columns_, rows_;  ///< (T, 2), (wide, 2), (wide), (T, 1) and (T, wide)
};

}  // namespace unroll
