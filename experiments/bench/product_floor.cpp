#include "experiments/bench/product_floor.hpp"

#include <map>
#include <string>
#include <utility>

#include "experiments/bench/rivals/gemm_floor.hpp"
#include "experiments/bench/step_equations.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;

/// The products of a cell's equations, by the text of what parameters are multiplied by, and its side.
class Products {
 public:
  explicit Products(const EquationCell& cell) : cell_(cell) {
    const CellDefinition& definition = cell.definition();
    const std::vector<std::int64_t> times = times_in_each_step(cell);
    for (std::size_t i = 0; i < times.size(); ++i)
      if ((times_ = times[i]) > 0) visit(definition.equations[i].value, "");
  }
  std::vector<Product> list() const {
    std::vector<Product> all;
    for (const auto& [text, product] : by_operand_) all.push_back(product);
    return all;
  }

 private:
  /// `call`: of a `def`, whose text is the same in each of its calls.
  void visit(const Term& t, const std::string& call) {
    for (const Term& operand : t.operands) {
      const bool value_of_call = !t.bound.empty() && &operand == &t.operands.back();
      visit(operand, value_of_call ? t.bound[0] : call);
    }
    if (t.kind != Form::product) return;
    add(t.operands[0], t.operands[1], 0, call);
    add(t.operands[1], t.operands[0], 1, call);
  }

  /// A matrix of parameters that is multiplied by what is of each sequence; `outputs` is the axis that is
  /// left of the matrix.
  void add(const Term& matrix, const Term& operand, std::size_t outputs, const std::string& call) {
    if (matrix.type.batched || matrix.type.only_product || matrix.type.rank() != 2 || !operand.type.batched)
      return;
    const Shape of_matrix = cell_.shape(matrix.type.shape), of_operand = cell_.shape(operand.type.shape);
    const std::string text(cell_.definition().source.text(operand.at));
    Product& product = by_operand_[{call + " " + text, outputs}];
    product.outputs += of_matrix[outputs];
    product.inputs = of_matrix[1 - outputs];
    if (operand.type.rank() == 2) product.rows = of_operand[1 - outputs];
    product.times = times_;
    product.each_step = operand.type.from_state;
    product.of_input = operand.kind == Form::name && (text == "x" || text == cell_.definition().context);
  }

  const EquationCell& cell_;
  std::int64_t times_ = 1;  ///< of the equation that is gone through
  std::map<std::pair<std::string, std::size_t>, Product> by_operand_;
};

}  // namespace

std::vector<Product> products_of(const EquationCell& cell) { return Products(cell).list(); }

std::int64_t values_of(const std::vector<Product>& products) {
  std::int64_t values = 0;
  for (const Product& p : products) values += p.rows * (p.inputs + p.outputs);
  return values;
}

ProductFloor::ProductFloor(std::vector<Product> products, StepShape shape)
    : products_(std::move(products)), shape_(shape) {
  for (const Product& p : products_) {
    const std::int64_t all_rows = shape.steps * shape.rows * p.rows;
    weights_.push_back(small_values(p.outputs, p.inputs));
    transposed_.push_back(small_values(p.inputs, p.outputs));
    values_.push_back(small_values(all_rows, p.inputs));
    results_.push_back(small_values(all_rows, p.outputs));
  }
}

void ProductFloor::run() {
  for (std::size_t i = 0; i < products_.size(); ++i) whole(i, &ProductFloor::forward);
  for (std::int64_t t = 0; t < shape_.steps; ++t) each_step(t, &ProductFloor::forward);
  for (std::int64_t t = shape_.steps; t-- > 0;) each_step(t, &ProductFloor::backward);
  for (std::size_t i = 0; i < products_.size(); ++i)
    if (!products_[i].of_input) whole(i, &ProductFloor::backward);
  for (std::size_t i = 0; i < products_.size(); ++i)
    for (std::int64_t round = 0; round < products_[i].times; ++round) weight_gradient(i);
}

void ProductFloor::each_step(std::int64_t t, Part part) {
  for (std::size_t i = 0; i < products_.size(); ++i)
    for (std::int64_t round = 0; products_[i].each_step && round < products_[i].times; ++round)
      (this->*part)(i, t, 1);
}

/// All steps at once, of those that need not wait.
void ProductFloor::whole(std::size_t i, Part part) {
  if (!products_[i].each_step) (this->*part)(i, 0, shape_.steps);
}

void ProductFloor::forward(std::size_t i, std::int64_t step, std::int64_t steps) {
  const Product& p = products_[i];
  const std::int64_t rows = shape_.rows * p.rows, row = step * rows;
  gemm(false, false, steps * rows, p.outputs, p.inputs, values_[i].data() + row * p.inputs,
       transposed_[i].data(), 0.0f, results_[i].data() + row * p.outputs);
}

void ProductFloor::backward(std::size_t i, std::int64_t step, std::int64_t steps) {
  const Product& p = products_[i];
  const std::int64_t rows = shape_.rows * p.rows, row = step * rows;
  gemm(false, false, steps * rows, p.inputs, p.outputs, results_[i].data() + row * p.outputs,
       weights_[i].data(), 0.0f, values_[i].data() + row * p.inputs);
}

void ProductFloor::weight_gradient(std::size_t i) {
  const Product& p = products_[i];
  gemm(true, false, p.outputs, p.inputs, shape_.steps * shape_.rows * p.rows, results_[i].data(),
       values_[i].data(), 0.0f, weights_[i].data());
}

}  // namespace unroll
