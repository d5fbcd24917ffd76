#include "experiments/instruments/jacobian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "experiments/instruments/rows.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

constexpr std::int64_t jacobian_sequences = 2;

/// A product of one row is `scale` natural logarithms larger than what stands for it, whose largest element
/// is 1: it must neither overflow nor underflow.
struct Products {
  Tensor<double> values;  ///< (rows * size, size)
  std::vector<double> scale;
};

Products identities(std::int64_t rows, std::int64_t size) {
  Products products{Tensor<double>({rows * size, size}), std::vector<double>(static_cast<std::size_t>(rows))};
  for (std::int64_t i = 0; i < rows * size; ++i) products.values[i * size + i % size] = 1;
  return products;
}

std::span<double> part(Tensor<double>& values, std::size_t row, std::size_t rows) {
  const std::size_t elements = values.span().size() / rows;
  return values.span().subspan(row * elements, elements);
}

void rescale(Products& products) {
  for (std::size_t r = 0; r < products.scale.size(); ++r) {
    const std::span<double> values = part(products.values, r, products.scale.size());
    double largest = 0;
    for (const double x : values) largest = std::max(largest, std::abs(x));
    if (largest == 0) continue;
    for (double& x : values) x /= largest;
    products.scale[r] += std::log(largest);
  }
}

JacobianProduct singular_values_of(Products& products, std::int64_t size, std::int64_t steps) {
  JacobianProduct found{steps, std::vector<double>(static_cast<std::size_t>(size))};
  const std::size_t rows = products.scale.size();
  for (std::size_t r = 0; r < rows; ++r) {
    const std::span<const double> values = part(products.values, r, rows);
    const Tensor<double> sizes = singular_values(Tensor<double>({size, size}, values));
    for (std::size_t i = 0; i < found.log10.size(); ++i)
      found.log10[i] +=
          (std::log10(sizes[static_cast<std::int64_t>(i)]) + products.scale[r] * std::numbers::log10e) /
          static_cast<double>(rows);
  }
  return found;
}

RecordedSeries series_of(std::string name, std::string axis, const Subject& subject, std::string unit) {
  return {.name = std::move(name),
          .moment = subject.moment,
          .axis = std::move(axis),
          .descriptor = {.unit = std::move(unit)},
          .x = {},
          .y = {}};
}

void look_at_jacobian(const Subject& subject, Findings& findings) {
  StateMap map(subject);
  const Batch batch = subject.models.diagnostics();
  const BatchInputs inputs(batch, jacobian_sequences);
  const auto given = [&](std::int64_t t, std::int64_t times) { return inputs.at(t, times); };
  RecordedSeries largest = series_of("largest singular value of the Jacobian", "steps", subject, "log10 σ");
  RecordedSeries smallest = series_of("smallest singular value of the Jacobian", "steps", subject, "log10 σ");
  RecordedSeries condition = series_of("condition number of the Jacobian", "steps", subject, "log10 of it");
  for (const JacobianProduct& one : jacobian_products(map, map.start(inputs.rows()), given, inputs.steps())) {
    const auto steps = static_cast<double>(one.steps);
    RecordedSeries all = series_of(fmt::format("singular values of the Jacobian over {} steps", one.steps),
                                   "number", subject, "log10 σ");
    all.y = one.log10;
    for (std::size_t i = 0; i < all.y.size(); ++i) all.x.push_back(static_cast<double>(i + 1));
    findings.series.push_back(std::move(all));
    for (RecordedSeries* series : {&largest, &smallest, &condition}) series->x.push_back(steps);
    largest.y.push_back(one.log10.front());
    smallest.y.push_back(one.log10.back());
    condition.y.push_back(one.log10.front() - one.log10.back());
  }
  for (RecordedSeries* series : {&largest, &smallest, &condition})
    findings.series.push_back(std::move(*series));
}

}  // namespace

std::vector<JacobianProduct> jacobian_products(StateMap& map, const StateMap::Point& from,
                                               const InputAt& input, std::int64_t steps) {
  std::vector<StateMap::Point> path = {from};
  for (std::int64_t t = 0; t + 1 < steps; ++t) path.push_back(map.next(path.back(), input(t, 1)));
  const std::int64_t size = map.size();
  Products products = identities(from.s.shape()[0], size);
  std::vector<JacobianProduct> all;
  for (std::int64_t h = 1; h <= steps; ++h) {
    const StateMap::Point& at = path[static_cast<std::size_t>(steps - h)];
    products.values =
        map.pull_back({repeated(at.s, size), at.count}, input(steps - h, size), products.values);
    if (!all_finite(products.values.span())) return all;
    rescale(products);
    if (std::has_single_bit(static_cast<std::uint64_t>(h)) || h == steps)
      all.push_back(singular_values_of(products, size, h));
  }
  return all;
}

Instrument jacobian_row() {
  return {.name = "jacobian",
          .shows =
              "Singular values and condition number of ∂s_T/∂s_{T-h} over h = 1, 2, 4, ... steps of "
              "training sequences, s all states together.",
          .needs = "one direction",
          .source = "Pascanu, Mikolov & Bengio 2013; Pennington, Schoenholz & Ganguli 2017",
          .look = look_at_jacobian,
          .objection = needs_one_direction};
}

}  // namespace unroll
