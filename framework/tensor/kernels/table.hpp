#pragma once

#include "framework/tensor/kernels/binary.hpp"
#include "framework/tensor/kernels/dots.hpp"
#include "framework/tensor/kernels/loops.hpp"
#include "framework/tensor/kernels/reduce.hpp"
#include "framework/tensor/kernels/row_product.hpp"
#include "framework/tensor/kernels/tables.hpp"
#include "framework/tensor/kernels/unary.hpp"

namespace unroll {
namespace {

/// All kernels of one type.
template <class T>
constexpr Kernels<T> all_kernels() {
  Kernels<T> all = {.unary = {},
                    .binary = {},
                    .sum = reduce<T, Sum<T>>,
                    .max = reduce<T, Max<T>>,
                    .add_rows = add_rows<T>,
                    .dots = dots<T>,
                    .row_product = row_product<T>};
  [&]<int... i>(std::integer_sequence<int, i...>) {
    ((all.unary[i] = unary_kernel<T, Function<static_cast<Unary>(i)>>), ...);
  }
  (std::make_integer_sequence<int, unary_count>());
  [&]<int... i>(std::integer_sequence<int, i...>) {
    ((all.binary[i] = binary_kernel<T, Function<static_cast<Binary>(i)>>), ...);
  }
  (std::make_integer_sequence<int, binary_count>());
  return all;
}

}  // namespace
}  // namespace unroll
