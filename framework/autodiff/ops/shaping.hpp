#pragma once

#include "framework/autodiff/op.hpp"

namespace unroll {

/// reshape, broadcast_to, sum_to: the shape of the result. count: the shape whose elements are counted.
struct DimsAttrs {
  Dims dims = {};
  static constexpr auto fields = std::tuple(field("dims", &DimsAttrs::dims));
};

struct TransposeAttrs {
  std::vector<std::int64_t> permutation = {};  ///< result axis i is the operand's axis permutation[i]
  static constexpr auto fields = std::tuple(field("permutation", &TransposeAttrs::permutation));
};

/// slice and pad.
struct RangeAttrs {
  std::int64_t axis = 0;
  Dim begin = 0;   ///< slice: the first index kept; pad: where the operand begins; below 0: from the end
  Dim extent = 0;  ///< of the result along the axis

  /// `begin` from the start, of so many elements along the axis: the operand's (slice), or the result's
  /// (pad).
  std::int64_t first_of(std::int64_t elements, Sizes sizes = {}) const {
    const std::int64_t first = begin.at(sizes);
    return first < 0 ? elements + first : first;
  }
  static constexpr auto fields =
      std::tuple(field("axis", &RangeAttrs::axis), field("begin", &RangeAttrs::begin),
                 field("extent", &RangeAttrs::extent));
};

struct ConcatAttrs {
  std::int64_t axis = 0;
  static constexpr auto fields = std::tuple(field("axis", &ConcatAttrs::axis));
};

}  // namespace unroll
