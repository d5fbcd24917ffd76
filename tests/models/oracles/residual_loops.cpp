#include <cmath>

#include "tests/models/oracles/loops.hpp"

// Cells that are steps of a differential equation.

namespace unroll {
namespace {

/// (W - W^T - gamma I) h, entry by entry.
Vector antisymmetric_times(const LoopParameters& p, const Vector& h, double gamma) {
  const Vector W = p.vector("W_h");
  const std::size_t n = h.size();
  Vector result(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      result[i] += (W[i * n + j] - W[j * n + i] - (i == j ? gamma : 0)) * h[j];
  return result;
}

void antisymmetric(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double epsilon = 0.3, gamma = 0.2;
  Vector& h = s["h"];
  const Vector a = antisymmetric_times(p, h, gamma), drive = p.affine({{"V_h", x}}, "b_h");
  for (std::size_t i = 0; i < h.size(); ++i) h[i] += epsilon * std::tanh(a[i] + drive[i]);
}

void antisymmetric_gated(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double epsilon = 0.3, gamma = 0.2;
  Vector& h = s["h"];
  const Vector a = antisymmetric_times(p, h, gamma), drive = p.affine({{"V_h", x}}, "b_h");
  const Vector gate = p.affine({{"V_z", x}}, "b_z");
  for (std::size_t i = 0; i < h.size(); ++i)
    h[i] += epsilon * logistic(a[i] + gate[i]) * std::tanh(a[i] + drive[i]);
}

void cornn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double dt = 0.1, gamma = 1.5, epsilon = 2.5;
  Vector &y = s["y"], &z = s["z"];
  const Vector force = p.affine({{"W", y}, {"W_z", z}, {"V", x}}, "b");
  for (std::size_t i = 0; i < y.size(); ++i) {
    z[i] += dt * std::tanh(force[i]) - dt * gamma * y[i] - dt * epsilon * z[i];
    y[i] += dt * z[i];
  }
}

/// ((1 - beta) (M + M^T) + beta (M - M^T) - gamma I) h, entry by entry.
Vector symmetric_skew_times(const Vector& M, const Vector& h, double beta, double gamma) {
  const std::size_t n = h.size();
  Vector result(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double m = M[i * n + j], t = M[j * n + i];
      result[i] += ((1 - beta) * (m + t) + beta * (m - t) - (i == j ? gamma : 0)) * h[j];
    }
  return result;
}

void lipschitz(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double epsilon = 0.2, beta = 0.6, gamma = 0.1;
  Vector& h = s["h"];
  const Vector A_h = symmetric_skew_times(p.vector("M_A"), h, beta, gamma);
  const Vector W_h = symmetric_skew_times(p.vector("M_W"), h, beta, gamma);
  const Vector drive = p.affine({{"U", x}}, "b");
  for (std::size_t i = 0; i < h.size(); ++i)
    h[i] += epsilon * A_h[i] + epsilon * std::tanh(W_h[i] + drive[i]);
}

}  // namespace

std::vector<CellLoop> residual_loops() {
  return {{"antisymmetric", {{"epsilon", 0.3}, {"gamma", 0.2}}, antisymmetric},
          {"antisymmetric_gated", {{"epsilon", 0.3}, {"gamma", 0.2}}, antisymmetric_gated},
          {"cornn", {{"dt", 0.1}, {"gamma", 1.5}, {"epsilon", 2.5}}, cornn},
          {"lipschitz", {{"epsilon", 0.2}, {"beta", 0.6}, {"gamma", 0.1}}, lipschitz}};
}

}  // namespace unroll
