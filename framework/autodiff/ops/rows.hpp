#pragma once

#include <span>

#include "framework/autodiff/op.hpp"

namespace unroll {

// The rows of each family; op_table() strings them together.
std::span<const Op> unary_rows();
std::span<const Op> binary_rows();
std::span<const Op> choice_rows();
std::span<const Op> reduction_rows();
std::span<const Op> product_rows();
std::span<const Op> solve_rows();
std::span<const Op> shaping_rows();
std::span<const Op> indexing_rows();
std::span<const Op> random_rows();
extern const Op scan_op;

// Rows that are made elsewhere, by the planner above all. What a row is like, its members say.
const Op& identity_op(Kind kind = Kind::real);
const Op& add_op();
const Op& mul_op();
const Op& reshape_op(Kind kind = Kind::real);
const Op& transpose_op();
const Op& sum_to_op();
const Op& slice_op();
const Op& concat_op();
const Op& broadcast_to_op();
const Op& matmul_op();
const Op& gather_op();
const Op& scatter_add_op();

}  // namespace unroll
