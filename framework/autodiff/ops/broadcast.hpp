#pragma once

#include <array>
#include <cstdint>

#include "framework/autodiff/dim.hpp"

namespace unroll {

/// Walks `full` in row-major order, together with N operands whose shapes broadcast to it. `inner(offsets,
/// steps, n)` gets one run of n elements: each operand stands at its offset and moves by its step, 0
/// (broadcast) or 1; the run in `full` itself starts at `full_offset`. Neighbouring axes along which every
/// operand does the same are walked as one.
template <std::size_t N>
class BroadcastWalk {
 public:
  BroadcastWalk(const Shape& full, const std::array<const Shape*, N>& operands) {
    for (std::size_t axis = 0; axis < full.rank(); ++axis) {
      if (full[axis] == 1) continue;
      std::array<bool, N> moves;
      for (std::size_t k = 0; k < N; ++k) moves[k] = extent(*operands[k], full.rank(), axis) != 1;
      push(full[axis], moves);
    }
    if (groups_ == 0) push(1, {});
    std::array<std::int64_t, N> stride;
    stride.fill(1);
    for (std::size_t g = groups_; g-- > 0;)
      for (std::size_t k = 0; k < N; ++k) {
        stride_[g][k] = moves_[g][k] ? stride[k] : 0;
        if (moves_[g][k]) stride[k] *= extent_[g];
      }
  }

  template <class Inner>
  void run(Inner inner) const {
    const std::size_t last = groups_ - 1;
    std::int64_t rows = 1;
    for (std::size_t g = 0; g < last; ++g) rows *= extent_[g];
    std::array<std::int64_t, max_rank> index{};
    std::array<std::int64_t, N> offset{};
    for (std::int64_t row = 0; row < rows; ++row) {
      inner(offset, stride_[last], extent_[last], row * extent_[last]);
      for (std::size_t g = last; g-- > 0;) {
        for (std::size_t k = 0; k < N; ++k) offset[k] += stride_[g][k];
        if (++index[g] < extent_[g]) break;
        for (std::size_t k = 0; k < N; ++k) offset[k] -= stride_[g][k] * extent_[g];
        index[g] = 0;
      }
    }
  }

 private:
  static std::int64_t extent(const Shape& shape, std::size_t rank, std::size_t axis) {
    const std::size_t missing = rank - shape.rank();
    return axis < missing ? 1 : shape[axis - missing];
  }

  void push(std::int64_t extent, const std::array<bool, N>& moves) {
    if (groups_ > 0 && moves_[groups_ - 1] == moves) {
      extent_[groups_ - 1] *= extent;
      return;
    }
    extent_[groups_] = extent;
    moves_[groups_++] = moves;
  }

  std::size_t groups_ = 0;
  std::array<std::int64_t, max_rank> extent_{};
  std::array<std::array<bool, N>, max_rank> moves_{};
  std::array<std::array<std::int64_t, N>, max_rank> stride_{};
};

}  // namespace unroll
