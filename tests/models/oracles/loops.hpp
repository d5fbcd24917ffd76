#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

using Vector = std::vector<double>;

/// One sequence's state, by the name of each; a matrix row by row.
using LoopState = std::map<std::string, Vector, std::less<>>;

/// The parameters of a loop, by name.
class LoopParameters {
 public:
  explicit LoopParameters(const std::map<std::string, Tensor<double>>& values) : values_(values) {}

  const Tensor<double>& tensor(std::string_view name) const { return values_.at(std::string(name)); }
  Vector vector(std::string_view name) const;
  /// The matrix of that name times v.
  Vector times(std::string_view matrix, const Vector& v) const;

  struct Product {
    std::string_view matrix;
    const Vector& v;
  };
  /// The sum of the products and, if named, the bias.
  Vector affine(std::initializer_list<Product> products, std::string_view bias = {}) const;

 private:
  const std::map<std::string, Tensor<double>>& values_;
};

/// A cell written as loops over numbers, from its paper and not from its .cell file: nothing of the engine.
struct CellLoop {
  std::string cell;
  std::map<std::string, double> constants;  ///< with which the cell is compared
  /// Moves the state on by one step.
  void (*step)(const LoopParameters& p, const Vector& x, LoopState& s);
  std::map<std::string, double> whole = {};  ///< constants, too: sizes, and others whose effect jumps
};

/// Those of the cells that no file of tests/data has values of PyTorch for.
std::vector<CellLoop> loops();

// By kind.
std::vector<CellLoop> gated_loops();
std::vector<CellLoop> residual_loops();
std::vector<CellLoop> linear_algebra_loops();
std::vector<CellLoop> plain_loops();
std::vector<CellLoop> declared_loops();
std::vector<CellLoop> minimal_loops();
std::vector<CellLoop> lstm_variant_loops();
std::vector<CellLoop> matrix_memory_loops();
std::vector<CellLoop> searched_loops();
std::vector<CellLoop> scan_loops();
std::vector<CellLoop> continuous_loops();

double logistic(double a);

}  // namespace unroll
