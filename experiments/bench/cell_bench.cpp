#include "experiments/bench/cell_bench.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/timing.hpp"
#include "experiments/bench/traffic_floor.hpp"
#include "framework/tensor/gemm.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

namespace {

using Form = Expression::Kind;

/// Matrices of parameters that one operand is multiplied by, stacked.
struct Product {
  std::int64_t outputs = 0, inputs = 0;
  bool each_step = false;  ///< the operand waits for a state
};

/// The products of a cell's equations, by the text of their right side.
class Products {
 public:
  explicit Products(const EquationCell& cell) : cell_(cell) {
    for (const CellDefinition::Equation& e : cell.definition().equations) visit(e.value);
  }
  std::vector<Product> list() const {
    std::vector<Product> all;
    for (const auto& [text, product] : by_operand_) all.push_back(product);
    return all;
  }

 private:
  void visit(const Term& t) {
    for (const Term& operand : t.operands) visit(operand);
    if (t.kind != Form::product || t.operands[0].type.batched || t.operands[0].type.only_product ||
        t.operands[1].type.rank() != 1 || !t.operands[1].type.batched)
      return;
    const Shape matrix = cell_.shape(t.operands[0].type.shape);
    Product& product = by_operand_[std::string(cell_.definition().source.text(t.operands[1].at))];
    product.outputs += matrix[0];
    product.inputs = matrix[1];
    product.each_step = t.operands[1].type.from_state;
  }

  const EquationCell& cell_;
  std::map<std::string, Product> by_operand_;
};

Tensor<float> filled(std::int64_t rows, std::int64_t columns) {
  Tensor<float> tensor({rows, columns});
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor[i] = 0.001f * static_cast<float>(i % 17 - 8);
  return tensor;
}

/// Forward, transposed and for the gradient of the weights; input products and gradients over the rows of all
/// steps at once, as in GemmFloor.
class ProductFloor {
 public:
  ProductFloor(std::vector<Product> products, StepShape shape)
      : products_(std::move(products)), shape_(shape) {
    const std::int64_t all_rows = shape.steps * shape.rows;
    for (const Product& p : products_) {
      weights_.push_back(filled(p.outputs, p.inputs));
      transposed_.push_back(filled(p.inputs, p.outputs));
      values_.push_back(filled(all_rows, p.inputs));
      results_.push_back(filled(all_rows, p.outputs));
    }
  }

  void run() {
    for (std::size_t i = 0; i < products_.size(); ++i)
      if (!products_[i].each_step) forward(i, 0, shape_.steps);
    for (std::int64_t t = 0; t < shape_.steps; ++t) each_step(t, &ProductFloor::forward);
    for (std::int64_t t = shape_.steps; t-- > 0;) each_step(t, &ProductFloor::backward);
    for (std::size_t i = 0; i < products_.size(); ++i) weight_gradient(i);
  }

 private:
  using Part = void (ProductFloor::*)(std::size_t, std::int64_t, std::int64_t);

  void each_step(std::int64_t t, Part part) {
    for (std::size_t i = 0; i < products_.size(); ++i)
      if (products_[i].each_step) (this->*part)(i, t, 1);
  }
  void forward(std::size_t i, std::int64_t step, std::int64_t steps) {
    const Product& p = products_[i];
    const std::int64_t row = step * shape_.rows;
    gemm(false, false, steps * shape_.rows, p.outputs, p.inputs, values_[i].data() + row * p.inputs,
         transposed_[i].data(), 0.0f, results_[i].data() + row * p.outputs);
  }
  void backward(std::size_t i, std::int64_t step, std::int64_t steps) {
    const Product& p = products_[i];
    const std::int64_t row = step * shape_.rows;
    gemm(false, false, steps * shape_.rows, p.inputs, p.outputs, results_[i].data() + row * p.outputs,
         weights_[i].data(), 0.0f, values_[i].data() + row * p.inputs);
  }
  void weight_gradient(std::size_t i) {
    const Product& p = products_[i];
    gemm(true, false, p.outputs, p.inputs, shape_.steps * shape_.rows, results_[i].data(), values_[i].data(),
         0.0f, weights_[i].data());
  }

  std::vector<Product> products_;
  StepShape shape_;
  std::vector<Tensor<float>> weights_, transposed_, values_, results_;
};

constexpr std::int64_t most_values = 250'000'000;  ///< 1 GB; beyond it that row is left out
constexpr std::string_view values_alone = "its values written and read";

Contestant engine(const std::string& key, const std::string& cell, StepShape shape) {
  const auto step = std::make_shared<EngineStep>(cell, shape);
  return timed(key, [step] { step->run(); });
}

}  // namespace

std::vector<nlohmann::ordered_json> bench_cell(const CellText& cell, const CellOptions& options,
                                               std::int64_t steps, std::int64_t rows) {
  single_threaded_products();  // as in a sweep's trials, and as the rows of `unroll bench` are measured
  const StepShape shape{steps, rows, options.input_size, options.hidden_size};
  const auto definition = cell_definition(cell);
  // Equations are measured as equations, also where the bench has a class of the same name.
  const std::string text = definition ? definition->whole_text() : cell.text;
  std::vector<Contestant> contestants = {engine(label_of(cell), text, shape)};
  Traffic traffic;
  if (definition) {
    const EquationCell equations(definition, options);
    const auto floor = std::make_shared<ProductFloor>(Products(equations).list(), shape);
    contestants.push_back(timed("its products alone", [floor] { floor->run(); }));
    traffic = traffic_of(equations);
    if (traffic.elements * rows <= most_values / steps) {
      const auto values = std::make_shared<TrafficFloor>(traffic, rows, steps);
      contestants.push_back(timed(std::string(values_alone), [values] { values->run(); }));
    }
  }
  contestants.push_back(engine("vanilla", "vanilla", shape));
  const std::vector<Measured> measured =
      contest(contestants, {.seconds = 3, .least_rounds = 20, .sample_seconds = 0.01});
  std::vector<nlohmann::ordered_json> lines;
  for (const Measured& m : measured) {
    nlohmann::ordered_json line;
    line["what"] = m.key;
    line["milliseconds"] = fmt::format("{:.3g}", 1e3 * m.timing.median);
    line["us_per_step"] = fmt::format("{:.3g}", 1e6 * m.timing.median / static_cast<double>(steps));
    line["cell_to_it"] = fmt::format("{:.2f}", measured[0].timing.median / m.timing.median);
    const bool values = m.key == values_alone;
    const double runs = static_cast<double>(steps) * static_cast<double>(rows);
    line["megabytes"] =
        values ? fmt::format("{:.3g}", 12e-6 * runs * static_cast<double>(traffic.elements)) : "";
    line["million_operations"] =
        values ? fmt::format("{:.3g}", 1e-6 * runs * static_cast<double>(traffic.operations)) : "";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace unroll
