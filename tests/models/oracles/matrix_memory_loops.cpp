#include <algorithm>
#include <cmath>

#include "tests/models/oracles/loops.hpp"

// Cells whose state is a matrix, row by row.

namespace unroll {
namespace {

double dot_product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Vector silu(Vector v) {
  for (double& a : v) a /= 1 + std::exp(-a);
  return v;
}

Vector unit(Vector v) {
  const double length = std::sqrt(dot_product(v, v));
  for (double& a : v) a /= length;
  return v;
}

/// e^(-e^a softplus(w x + dt_bias)), the decay of Mamba2.
double decay(const LoopParameters& p, std::string_view w, const Vector& x) {
  const double step = std::log1p(std::exp(dot_product(p.vector(w), x) + p.vector("dt_bias")[0]));
  return std::exp(-std::exp(p.vector("a")[0]) * step);
}

/// S v.
Vector read(const Vector& S, const Vector& v) {
  Vector result(S.size() / v.size(), 0.0);
  for (std::size_t i = 0; i < result.size(); ++i)
    for (std::size_t j = 0; j < v.size(); ++j) result[i] += S[i * v.size() + j] * v[j];
  return result;
}

/// S (alpha (I - beta k k^T)) + beta v k^T, with the matrix in the middle written out.
void delta_rule(const LoopParameters& p, const Vector& x, LoopState& s, double alpha, double beta_max) {
  const Vector k = unit(silu(p.times("W_k", x))), q = unit(silu(p.times("W_q", x))), v = p.times("W_v", x);
  const double beta = beta_max * logistic(dot_product(p.vector("w_beta"), x));
  const std::size_t n = k.size();
  const Vector S = s["S"];
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = beta * v[i] * k[j];
      for (std::size_t l = 0; l < n; ++l)
        sum += S[i * n + l] * alpha * ((l == j ? 1 : 0) - beta * k[l] * k[j]);
      s["S"][i * n + j] = sum;
    }
  s["y"] = read(s["S"], q);
}

void deltanet(const LoopParameters& p, const Vector& x, LoopState& s) { delta_rule(p, x, s, 1, 1.7); }

void gated_deltanet(const LoopParameters& p, const Vector& x, LoopState& s) {
  delta_rule(p, x, s, decay(p, "w_alpha", x), 1.6);
}

/// The paper's equations as they stand, without the stabiliser: C and n are multiplied by e^m before the step
/// and divided by it afterwards.
void mlstm(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &C = s["C"], &n = s["n"];
  double& m = s["m"][0];
  const std::size_t size = n.size();
  const Vector q = p.affine({{"W_q", x}}, "b_q"), v = p.affine({{"W_v", x}}, "b_v");
  const Vector o = p.affine({{"W_o", x}}, "b_o");
  Vector k = p.times("W_k", x);
  for (std::size_t j = 0; j < size; ++j)
    k[j] = k[j] / std::sqrt(static_cast<double>(size)) + p.vector("b_k")[j];
  const double exponent = dot_product(p.vector("w_i"), x) + p.vector("b_i")[0], i = std::exp(exponent);
  const double f = logistic(dot_product(p.vector("w_f"), x) + p.vector("b_f")[0]);
  for (std::size_t j = 0; j < size; ++j) n[j] = f * std::exp(m) * n[j] + i * k[j];
  for (std::size_t a = 0; a < size; ++a)
    for (std::size_t j = 0; j < size; ++j)
      C[a * size + j] = f * std::exp(m) * C[a * size + j] + i * v[a] * k[j];
  const Vector numerator = read(C, q);
  for (std::size_t a = 0; a < size; ++a)
    s["h"][a] = logistic(o[a]) * numerator[a] / std::max(std::abs(dot_product(n, q)), 1.0);
  m = std::max(std::log(f) + m, exponent);
  for (double& value : C) value /= std::exp(m);
  for (double& value : n) value /= std::exp(m);
}

void m2rnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector q = p.times("W_q", x), k = p.times("W_k", x), v = p.times("W_v", x), W = p.vector("W");
  const double f = decay(p, "w_f", x);
  const std::size_t n = q.size();
  const Vector H = s["H"];
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) {
      double sum = k[a] * v[b];
      for (std::size_t c = 0; c < n; ++c) sum += H[a * n + c] * W[c * n + b];
      s["H"][a * n + b] = std::tanh(sum) + f * (H[a * n + b] - std::tanh(sum));
    }
  for (std::size_t b = 0; b < n; ++b) {
    s["y"][b] = p.vector("w_r")[b] * v[b];
    for (std::size_t a = 0; a < n; ++a) s["y"][b] += q[a] * s["H"][a * n + b];
  }
}

void e88(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector k = unit(silu(p.times("W_k", x))), q = unit(silu(p.times("W_q", x)));
  const Vector v = silu(p.times("W_v", x));
  const double d = decay(p, "w_d", x);
  Vector& S = s["S"];
  const Vector held = read(S, k);
  const std::size_t n = k.size();
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      S[i * n + j] = std::tanh(d * S[i * n + j] + v[i] * k[j] - held[i] * k[j]);
  s["y"] = read(S, q);
}

}  // namespace

std::vector<CellLoop> matrix_memory_loops() {
  return {{"deltanet", {{"beta_max", 1.7}}, deltanet},
          {"gated_deltanet", {{"beta_max", 1.6}}, gated_deltanet},
          {"mlstm", {}, mlstm},
          {"m2rnn", {}, m2rnn},
          {"e88", {}, e88}};
}

}  // namespace unroll
