#include <fmt/format.h>

#include <cmath>

#include "experiments/instruments/rows.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/gemm.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

/// Square, and multiplied with what the states carry on.
bool is_recurrent(const ParameterSpec& spec) {
  return spec.role == Role::recurrent_matrix && spec.shape.rank() == 2 && spec.shape[0] == spec.shape[1] &&
         spec.shape[0] > 0;
}

/// ‖WᵀW − I‖_F.
double distance_from_orthogonal(const Tensor<double>& w) {
  const std::int64_t n = w.shape()[0];
  Tensor<double> product(w.shape());
  gemm(true, false, n, n, n, w.data(), w.data(), 0.0, product.data());
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) sum += std::pow(product[i * n + j] - (i == j), 2);
  return std::sqrt(sum);
}

void look_at(const ParameterSpec& spec, const Tensor<double>& w, const std::string& moment,
             Findings& findings) {
  RecordedSeries eigenvalue{.name = "eigenvalues of " + spec.name,
                            .moment = moment,
                            .axis = "real part",
                            .descriptor = {.unit = "imaginary part"},
                            .x = {},
                            .y = {}};
  const auto values = eigenvalues(w);
  for (const std::complex<double>& value : values) {
    eigenvalue.x.push_back(value.real());
    eigenvalue.y.push_back(value.imag());
  }
  const Tensor<double> sizes = singular_values(w);
  RecordedSeries singular{.name = "singular values of " + spec.name,
                          .moment = moment,
                          .axis = "number",
                          .descriptor = {.unit = "singular value"},
                          .x = {},
                          .y = {sizes.span().begin(), sizes.span().end()}};
  for (std::size_t i = 0; i < singular.y.size(); ++i) singular.x.push_back(static_cast<double>(i + 1));
  const auto number = [&](std::string_view what, double value) {
    findings.numbers.push_back({fmt::format("{}_{}", what, spec.name), value});
  };
  number("spectral_radius", std::abs(values.front()));
  number("largest_singular_value", singular.y.front());
  number("smallest_singular_value", singular.y.back());
  number("distance_from_orthogonal", distance_from_orthogonal(w));
  findings.series.push_back(std::move(eigenvalue));
  findings.series.push_back(std::move(singular));
}

void look_at_recurrent_matrix(const Subject& subject, Findings& findings) {
  const std::vector<ParameterSpec>& specs = subject.models.training_model().specs;
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (is_recurrent(specs[i])) look_at(specs[i], subject.parameters[i], subject.moment, findings);
}

}  // namespace

Instrument recurrent_matrix_row() {
  return {.name = "recurrent_matrix",
          .shows =
              "Eigenvalues, singular values and ‖WᵀW − I‖ of every square matrix that is applied to a "
              "state, as it is stored.",
          .needs = "a square recurrent matrix; others are left out",
          .source = "Pascanu, Mikolov & Bengio 2013; Vorontsov et al. 2017",
          .look = look_at_recurrent_matrix};
}

}  // namespace unroll
