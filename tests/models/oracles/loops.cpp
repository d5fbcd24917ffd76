#include "tests/models/oracles/loops.hpp"

#include <cmath>

namespace unroll {

double logistic(double a) { return 1 / (1 + std::exp(-a)); }

Vector LoopParameters::vector(std::string_view name) const {
  const auto values = tensor(name).span();
  return {values.begin(), values.end()};
}

Vector LoopParameters::times(std::string_view matrix, const Vector& v) const {
  const Tensor<double>& m = tensor(matrix);
  const auto rows = static_cast<std::size_t>(m.shape()[0]), columns = static_cast<std::size_t>(m.shape()[1]);
  Vector result(rows, 0.0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      result[i] += m[static_cast<std::int64_t>(i * columns + j)] * v.at(j);
  return result;
}

Vector LoopParameters::affine(std::initializer_list<Product> products, std::string_view bias) const {
  Vector total;
  if (!bias.empty()) total = vector(bias);
  for (const Product& product : products) {
    const Vector part = times(product.matrix, product.v);
    total.resize(part.size(), 0.0);
    for (std::size_t i = 0; i < part.size(); ++i) total[i] += part[i];
  }
  return total;
}

std::vector<CellLoop> loops() {
  std::vector<CellLoop> all;
  for (const auto& kind : {plain_loops(), gated_loops(), residual_loops(), linear_algebra_loops(),
                           minimal_loops(), lstm_variant_loops(), matrix_memory_loops(), searched_loops(),
                           scan_loops(), continuous_loops(), declared_loops()})
    all.insert(all.end(), kind.begin(), kind.end());
  return all;
}

}  // namespace unroll
