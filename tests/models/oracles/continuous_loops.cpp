#include <algorithm>
#include <cmath>

#include "tests/models/oracles/loops.hpp"

// Cells of dynamical systems: steps of differential equations, and piecewise linear maps.

namespace unroll {
namespace {

void lem(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double dt = 0.7;
  Vector &y = s["y"], &z = s["z"];
  const Vector step_z = p.affine({{"W_1", y}, {"V_1", x}}, "b_1");
  const Vector step_y = p.affine({{"W_2", y}, {"V_2", x}}, "b_2");
  const Vector to_z = p.affine({{"W_z", y}, {"V_z", x}}, "b_z");
  for (std::size_t k = 0; k < z.size(); ++k)
    z[k] += dt / (1 + std::exp(-step_z[k])) * (std::tanh(to_z[k]) - z[k]);
  const Vector to_y = p.affine({{"W_y", z}, {"V_y", x}}, "b_y");
  for (std::size_t k = 0; k < y.size(); ++k)
    y[k] += dt / (1 + std::exp(-step_y[k])) * (std::tanh(to_y[k]) - y[k]);
}

void unicornn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double dt = 0.3, alpha = 1.5;
  Vector &y = s["y"], &z = s["z"];
  const Vector drive = p.affine({{"V", x}}, "b"), w = p.vector("w"), c = p.vector("c");
  for (std::size_t k = 0; k < y.size(); ++k) {
    const double step = dt / (1 + std::exp(-c[k]));
    z[k] -= step * std::tanh(w[k] * y[k] + drive[k]) + step * alpha * y[k];
    y[k] += step * z[k];
  }
}

void ltc(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double dt = 0.6;
  Vector& h = s["h"];
  const Vector a = p.affine({{"W", x}, {"W_r", h}}, "b"), g = p.vector("g"), A = p.vector("A");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double f = logistic(a[k]), tau = 1 / std::log1p(std::exp(g[k]));
    h[k] = (h[k] + dt * f * A[k]) / (1 + dt * (1 / tau + f));
  }
}

void cfc(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double t = 0.7;
  Vector& h = s["h"];
  Vector backbone = p.affine({{"W", x}, {"U", h}}, "b");
  for (double& a : backbone) a = std::tanh(a);
  const Vector f = p.affine({{"W_f", backbone}}, "b_f"), g = p.affine({{"W_g", backbone}}, "b_g");
  const Vector q = p.affine({{"W_q", backbone}}, "b_q");
  for (std::size_t k = 0; k < h.size(); ++k)
    h[k] = std::tanh(g[k]) / (1 + std::exp(f[k] * t)) + std::tanh(q[k]) / (1 + std::exp(-f[k] * t));
}

/// With J = M N^T / hidden written out.
void low_rank_rnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double alpha = 0.35;
  const Vector M = p.vector("M"), N = p.vector("N"), drive = p.times("I", x), rates = s["r"];
  const std::size_t n = rates.size(), rank = M.size() / n;
  for (std::size_t i = 0; i < n; ++i) {
    double input = drive[i];
    for (std::size_t j = 0; j < n; ++j) {
      double J = 0;
      for (std::size_t r = 0; r < rank; ++r) J += M[i * rank + r] * N[j * rank + r];
      input += J / static_cast<double>(n) * rates[j];
    }
    s["h"][i] += alpha * (input - s["h"][i]);
    s["r"][i] = std::tanh(s["h"][i]);
  }
}

void shallow(const LoopParameters& p, const Vector& x, Vector& z, bool clipped) {
  const Vector A = p.vector("A"), W_1 = p.vector("W_1"), h_1 = p.vector("h_1"), h_2 = p.vector("h_2");
  const Vector inside = p.times("W_2", z), drive = p.times("C", x);
  const std::size_t L = inside.size();
  for (std::size_t i = 0; i < z.size(); ++i) {
    double sum = A[i] * z[i] + h_1[i] + drive[i];
    for (std::size_t l = 0; l < L; ++l) {
      const double subtracted = clipped ? std::max(inside[l], 0.0) : 0;
      sum += W_1[i * L + l] * (std::max(inside[l] + h_2[l], 0.0) - subtracted);
    }
    z[i] = sum;
  }
}

void shallow_plrnn(const LoopParameters& p, const Vector& x, LoopState& s) { shallow(p, x, s["z"], false); }
void shallow_plrnn_clipped(const LoopParameters& p, const Vector& x, LoopState& s) {
  shallow(p, x, s["z"], true);
}

}  // namespace

std::vector<CellLoop> continuous_loops() {
  return {{"lem", {{"dt", 0.7}}, lem},
          {"unicornn", {{"dt", 0.3}, {"alpha", 1.5}}, unicornn},
          {"ltc", {{"dt", 0.6}}, ltc},
          {"cfc", {{"t", 0.7}}, cfc},
          {"low_rank_rnn", {{"alpha", 0.35}}, low_rank_rnn},
          {"shallow_plrnn", {}, shallow_plrnn},
          {"shallow_plrnn_clipped", {}, shallow_plrnn_clipped}};
}

}  // namespace unroll
