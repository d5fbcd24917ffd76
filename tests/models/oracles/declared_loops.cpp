#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "tests/models/oracles/loops.hpp"

// Cells that count steps, have noise, matrices of constants or blocks of equations.

namespace unroll {
namespace {

/// The step's own number, which the cell keeps as a state.
double count(LoopState& s) { return s["step.count"][0]++; }

void echo_state(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double leak = 0.4;
  Vector& h = s["h"];
  const Vector drive = p.affine({{"W", x}, {"U", h}});
  for (std::size_t k = 0; k < h.size(); ++k) h[k] += leak * (std::tanh(drive[k]) - h[k]);
}

/// With the forget gate as a factor instead of its logarithm.
void slstm(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"], &n = s["n"], &m = s["m"];
  const bool first = count(s) == 0;
  const Vector i = p.affine({{"W_i", x}, {"R_i", h}}, "b_i"), f = p.affine({{"W_f", x}, {"R_f", h}}, "b_f");
  const Vector z = p.affine({{"W_z", x}, {"R_z", h}}, "b_z"), o = p.affine({{"W_o", x}, {"R_o", h}}, "b_o");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double kept = std::log(logistic(f[k])) + m[k];
    const double stabiliser = first || kept < i[k] ? i[k] : kept;
    const double gate_i = std::exp(i[k] - stabiliser), gate_f = std::exp(kept - stabiliser);
    c[k] = gate_i * std::tanh(z[k]) + gate_f * c[k];
    n[k] = gate_i + gate_f * n[k];
    m[k] = stabiliser;
    h[k] = logistic(o[k]) * (c[k] / n[k]);
  }
}

using Matrix = std::vector<Vector>;

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), Vector(b[0].size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < b.size(); ++k)
      for (std::size_t j = 0; j < b[0].size(); ++j) c[i][j] += a[i][k] * b[k][j];
  return c;
}

/// The integral of e^(A t) B over a step, and e^A, by their series.
struct Held {
  Matrix transition;
  Vector input;
};

Held held(const Matrix& a, const Vector& b) {
  const std::size_t n = a.size();
  Matrix power(n, Vector(n, 0.0)), sum = power, integral = power;
  for (std::size_t i = 0; i < n; ++i) power[i][i] = 1;
  for (int k = 1; k < 80; ++k) {  // power is A^(k-1) / (k-1)!
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        sum[i][j] += power[i][j];
        integral[i][j] += power[i][j] / k;
      }
    power = product(power, a);
    for (Vector& row : power)
      for (double& x : row) x /= k;
  }
  Held result{sum, Vector(n, 0.0)};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) result.input[i] += integral[i][j] * b[j];
  return result;
}

double inner(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void lmu(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr std::size_t order = 5;
  constexpr double theta = 7;
  Matrix a(order, Vector(order));
  Vector b(order);
  for (std::size_t i = 0; i < order; ++i) {
    const double scale = (2.0 * static_cast<double>(i) + 1) / theta;
    b[i] = i % 2 == 0 ? scale : -scale;
    for (std::size_t j = 0; j < order; ++j) a[i][j] = i < j || (i - j) % 2 == 0 ? -scale : scale;
  }
  const Held step = held(a, b);
  Vector &h = s["h"], &m = s["m"];
  const double u = inner(p.vector("e_x"), x) + inner(p.vector("e_h"), h) + inner(p.vector("e_m"), m);
  Vector next(order);
  for (std::size_t i = 0; i < order; ++i) next[i] = inner(step.transition[i], m) + step.input[i] * u;
  m = next;
  h = p.affine({{"W_x", x}, {"W_h", h}, {"W_m", m}});
  for (double& v : h) v = std::tanh(v);
}

void s4d(const LoopParameters& p, const Vector& x, LoopState& s) {
  using Complex = std::complex<double>;
  constexpr std::size_t n = 3;
  Vector &y = s["y"], &re = s["re"], &im = s["im"];
  const Vector u = p.times("V", x), log_dt = p.vector("log_dt"), a_log = p.vector("A_log"),
               off = p.vector("A_off"), c_re = p.vector("C_re"), c_im = p.vector("C_im"), d = p.vector("D");
  for (std::size_t k = 0; k < y.size(); ++k) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t at = k * n + j;
      const Complex a(-std::exp(a_log[at]), std::numbers::pi * static_cast<double>(j) + off[at]);
      const Complex step = std::exp(std::exp(log_dt[k]) * a);
      const Complex next = step * Complex(re[at], im[at]) + u[k];
      re[at] = next.real();
      im[at] = next.imag();
      sum += (Complex(c_re[at], c_im[at]) * (step - 1.0) / a * next).real();
    }
    y[k] = 2 * sum + d[k] * u[k];
  }
}

/// Of 5 units the last 2 are inhibitory.
void ctrnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double alpha = 0.3, sigma = 0.7, inhibitory = 0.4;
  Vector &r = s["r"], &v = s["v"];
  const Vector in = p.affine({{"W_in", x}}, "b"), m = p.vector("M");
  const std::size_t n = r.size();
  for (std::size_t i = 0; i < n; ++i) {
    double drive = in[i];
    for (std::size_t j = 0; j < n; ++j) {
      const bool excites = static_cast<double>(j) < (1 - inhibitory) * static_cast<double>(n);
      drive += (excites ? 1 : -1) * std::abs(m[i * n + j]) * r[j];
    }
    v[i] += alpha * (drive - v[i]) + sigma * std::sqrt(2 * alpha) * s["noise"][i];
  }
  for (std::size_t i = 0; i < n; ++i) r[i] = v[i] > 0 ? v[i] : 0;
}

/// 5 units in 3 groups: 0 0 1 1 2.
void clockwork(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr std::size_t groups = 3;
  Vector& h = s["h"];
  const std::size_t n = h.size();
  const auto step = static_cast<std::size_t>(count(s));
  const Vector in = p.affine({{"W", x}}, "b"), u = p.vector("U"), before = h;
  const auto group = [&](std::size_t unit) { return unit * groups / n; };
  for (std::size_t i = 0; i < n; ++i) {
    if (step % (std::size_t{1} << group(i)) != 0) continue;
    double drive = in[i];
    for (std::size_t j = 0; j < n; ++j)
      if (group(j) >= group(i)) drive += u[i * n + j] * before[j];
    h[i] = std::tanh(drive);
  }
}

void spiking_lif(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double alpha = 0.8, beta = 0.7;
  Vector &spikes = s["s"], &current = s["i"], &v = s["v"];
  const Vector drive = p.affine({{"W", x}, {"U", spikes}});
  for (std::size_t k = 0; k < v.size(); ++k) {
    v[k] = beta * v[k] + current[k] - spikes[k];
    current[k] = alpha * current[k] + drive[k];
  }
  for (std::size_t k = 0; k < v.size(); ++k) spikes[k] = v[k] > 1;
}

Vector slope(const LoopParameters& p, const Vector& y) {
  Vector inside = p.affine({{"U", y}}, "b_u");
  for (double& v : inside) v = std::tanh(v);
  return p.affine({{"V", inside}}, "b_v");
}

Vector moved(const Vector& y, double by, const Vector& direction) {
  Vector result = y;
  for (std::size_t i = 0; i < y.size(); ++i) result[i] += by * direction[i];
  return result;
}

void ode_rnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr int steps = 3;
  constexpr double d = 0.5 / steps;
  Vector y = s["h"];
  for (int k = 0; k < steps; ++k) {
    const Vector a = slope(p, y), b = slope(p, moved(y, d / 2, a)), c = slope(p, moved(y, d / 2, b)),
                 e = slope(p, moved(y, d, c));
    y = moved(moved(moved(moved(y, d / 6, a), d / 3, b), d / 3, c), d / 6, e);
  }
  s["h"] = p.affine({{"W", x}, {"R", y}}, "b");
  for (double& v : s["h"]) v = std::tanh(v);
}

}  // namespace

std::vector<CellLoop> declared_loops() {
  return {{"echo_state", {{"leak", 0.4}}, echo_state},
          {"slstm", {}, slstm},
          {"lmu", {{"theta", 7}}, lmu, {{"order", 5}}},
          {"s4d", {}, s4d, {{"n", 3}}},
          {"ctrnn", {{"alpha", 0.3}, {"sigma", 0.7}}, ctrnn, {{"inhibitory", 0.4}}},
          {"clockwork", {}, clockwork, {{"groups", 3}}},
          {"spiking_lif", {{"alpha", 0.8}, {"beta", 0.7}}, spiking_lif},
          {"ode_rnn", {{"dt", 0.5}}, ode_rnn, {{"steps", 3}}}};
}

}  // namespace unroll
