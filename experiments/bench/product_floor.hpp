#pragma once

#include <cstdint>
#include <vector>

#include "experiments/bench/rivals/step_shape.hpp"
#include "framework/tensor/tensor.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

/// Matrices of parameters that one operand is multiplied by, stacked.
struct Product {
  std::int64_t outputs = 0, inputs = 0;
  std::int64_t rows = 1;   ///< of the operand, for each sequence: more than one where it is a matrix
  std::int64_t times = 1;  ///< in each step: in rounds of a repeat
  bool each_step = false;  ///< the operand waits for a state
  bool of_input = false;   ///< the operand is x, whose gradient nobody wants

  bool operator==(const Product&) const = default;
};

/// The products with parameters of the equations that each step does. What is of each sequence on both sides
/// is none of them: traffic_of() counts that. What makes a matrix of parameters, once in a
/// run (orthogonal ones), is in neither.
std::vector<Product> products_of(const EquationCell& cell);
/// Numbers that they read and write of one sequence at one step.
std::int64_t values_of(const std::vector<Product>& products);

/// They alone: forward, transposed and for the gradient of the weights; those that wait for no state, and
/// gradients, over the rows of all steps at once, as in GemmFloor.
class ProductFloor {
 public:
  ProductFloor(std::vector<Product> products, StepShape shape);

  void run();

 private:
  using Part = void (ProductFloor::*)(std::size_t, std::int64_t, std::int64_t);

  void each_step(std::int64_t t, Part part);
  void whole(std::size_t i, Part part);
  void forward(std::size_t i, std::int64_t step, std::int64_t steps);
  void backward(std::size_t i, std::int64_t step, std::int64_t steps);
  void weight_gradient(std::size_t i);

  std::vector<Product> products_;
  StepShape shape_;
  std::vector<Tensor<float>> weights_, transposed_, values_, results_;
};

}  // namespace unroll
