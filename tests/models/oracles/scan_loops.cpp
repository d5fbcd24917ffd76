#include <cmath>

#include "tests/models/oracles/loops.hpp"

// Cells that are linear in the state, or nearly, so that a sequence can be computed as a scan.

namespace unroll {
namespace {

void sru(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double bias = 0.4;
  Vector &h = s["h"], &c = s["c"];
  const Vector forget = p.affine({{"W_f", x}}, "b_f"), reset = p.affine({{"W_r", x}}, "b_r");
  const Vector content = p.times("W", x), highway = p.times("W_x", x);
  const Vector v_f = p.vector("v_f"), v_r = p.vector("v_r");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double f = logistic(forget[k] + v_f[k] * c[k]), r = logistic(reset[k] + v_r[k] * c[k]);
    c[k] = content[k] + f * (c[k] - content[k]);
    h[k] = r * c[k] + (1 - r) * std::sqrt(1 + 2 * std::exp(bias)) * highway[k];
  }
}

void qrnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"], &before = s["u"];
  const Vector z = p.affine({{"W_z", x}, {"V_z", before}}), f = p.affine({{"W_f", x}, {"V_f", before}});
  const Vector o = p.affine({{"W_o", x}, {"V_o", before}});
  for (std::size_t k = 0; k < h.size(); ++k) {
    c[k] = c[k] * logistic(f[k]) + std::tanh(z[k]) * logistic(-f[k]);
    h[k] = c[k] * logistic(o[k]);
  }
  before = x;
}

/// With a as the power of sigma(Lambda) that the paper writes.
void rg_lru(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double c = 3;
  Vector& h = s["h"];
  const Vector u = p.times("W", x), Lambda = p.vector("Lambda");
  const Vector r = p.affine({{"W_a", u}}, "b_a"), i = p.affine({{"W_x", u}}, "b_x");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double a = std::pow(logistic(Lambda[k]), c * logistic(r[k]));
    h[k] = a * h[k] + std::sqrt((1 - a) * (1 + a)) * logistic(i[k]) * u[k];
  }
}

/// Channel by channel, state by state.
void selective_ssm(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector u = p.times("W", x), B = p.times("W_B", x), C = p.times("W_C", x);
  const Vector step = p.affine({{"W_delta", x}}, "b_delta"), A_log = p.vector("A_log"), D = p.vector("D");
  const std::size_t n = B.size();
  for (std::size_t channel = 0; channel < u.size(); ++channel) {
    const double delta = std::log1p(std::exp(step[channel]));
    double y = D[channel] * u[channel];
    for (std::size_t k = 0; k < n; ++k) {
      double& h = s["h"][channel * n + k];
      const double A = -std::exp(A_log[channel * n + k]);
      h = std::exp(delta * A) * h + delta * B[k] * u[channel];
      y += C[k] * h;
    }
    s["y"][channel] = y;
  }
}

}  // namespace

std::vector<CellLoop> scan_loops() {
  return {{"sru", {{"highway_bias", 0.4}}, sru},
          {"qrnn", {}, qrnn},
          {"rg_lru", {{"c", 3}}, rg_lru},
          {"selective_ssm", {}, selective_ssm}};
}

}  // namespace unroll
