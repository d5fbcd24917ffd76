#include <vector>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/sources.hpp"

namespace unroll {

std::span<const Op* const> op_table() {
  static const std::vector<const Op*> table = [] {
    std::vector<const Op*> rows = {&input_op,    &index_input_op, &step_index_op,
                                   &constant_op, &fill_op,        &count_op};
    for (const auto family : {unary_rows(), binary_rows(), choice_rows(), reduction_rows(), product_rows(),
                              solve_rows(), shaping_rows(), indexing_rows(), random_rows()})
      for (const Op& op : family) rows.push_back(&op);
    rows.push_back(&scan_op);
    return rows;
  }();
  return table;
}

}  // namespace unroll
