#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "experiments/export/header/values.hpp"

namespace unroll {

/// start + W_1 u_1 + W_2 u_2 + ...: a value that is a sum of products of constant matrices with vectors, and
/// of constants.
struct LinearSum {
  struct Term {
    ir::Id matrix;
    bool transposed;  ///< (rows, columns) as it lies there, or (columns, rows)
    View vector;
    std::int64_t columns;
    std::string name;
  };
  ir::Id value;
  std::int64_t rows = 0;
  std::vector<Term> terms = {};
  std::vector<ir::Id> start = {};  ///< constants of as many elements, or of equal ones
  std::int64_t at = 0;             ///< where it begins among all sums
};

/// Rows of several sums that lie side by side and read one vector: one product.
struct StackedProduct {
  View vector;
  std::int64_t rows, columns;
  std::int64_t at;  ///< of the first row, among all sums
  bool first;       ///< it begins with `start`; else it adds to what others made
  bool by_rows;     ///< few rows: row by row, else column by column
  std::vector<float> weights;
  std::vector<std::string> names;  ///< of the matrices
};

/// All linear sums of a step, which are computed by as few products as there are vectors, or nearly so:
/// LSTM's four gates are one product with x and one with h.
struct StackedProducts {
  std::vector<LinearSum> sums;  ///< by their places
  std::vector<float> start;     ///< what they begin with
  std::vector<StackedProduct> products;
  std::set<ir::Id> absorbed;  ///< values that are parts of a sum and nothing else

  const LinearSum* find(ir::Id value) const;
};

StackedProducts stacked_products(const ModelStep& step, const StepValues& values);

}  // namespace unroll
