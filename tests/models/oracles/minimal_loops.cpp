#include <algorithm>
#include <cmath>

#include "tests/models/oracles/loops.hpp"

// Cells with fewer gates, or fewer that see the state, than the LSTM and the GRU have.

namespace unroll {
namespace {

void mingru(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector gate = p.affine({{"W_z", x}}, "b_z"), candidate = p.affine({{"W_h", x}}, "b_h");
  for (std::size_t i = 0; i < h.size(); ++i) h[i] += logistic(gate[i]) * (candidate[i] - h[i]);
}

void minlstm(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector forget = p.affine({{"W_f", x}}, "b_f"), input = p.affine({{"W_i", x}}, "b_i");
  const Vector candidate = p.affine({{"W_h", x}}, "b_h");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double f = logistic(forget[k]), i = logistic(input[k]);
    h[k] = (f * h[k] + i * candidate[k]) / (f + i);
  }
}

void janet(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double beta = 0.6;
  Vector& c = s["c"];
  const Vector gate = p.affine({{"W_f", x}, {"U_f", c}}, "b_f");
  const Vector candidate = p.affine({{"W_c", x}, {"U_c", c}}, "b_c");
  for (std::size_t k = 0; k < c.size(); ++k)
    c[k] = c[k] * logistic(gate[k]) + std::tanh(candidate[k]) * logistic(beta - gate[k]);
}

void cfn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector theta = p.affine({{"V_theta", x}, {"U_theta", h}}, "b_theta");
  const Vector eta = p.affine({{"V_eta", x}, {"U_eta", h}}, "b_eta"), drive = p.times("W", x);
  for (std::size_t k = 0; k < h.size(); ++k)
    h[k] = logistic(theta[k]) * std::tanh(h[k]) + logistic(eta[k]) * std::tanh(drive[k]);
}

void ran(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"];
  const Vector content = p.affine({{"W_cx", x}}, "b_c");
  const Vector input = p.affine({{"W_ix", x}, {"W_ih", h}}, "b_i");
  const Vector forget = p.affine({{"W_fx", x}, {"W_fh", h}}, "b_f");
  for (std::size_t k = 0; k < h.size(); ++k) {
    c[k] = logistic(forget[k]) * c[k] + logistic(input[k]) * content[k];
    h[k] = std::tanh(c[k]);
  }
}

/// gamma times v with mean 0 and variance 1.
Vector normalised(const Vector& v, const Vector& gamma) {
  const double n = static_cast<double>(v.size());
  double sum = 0, squares = 0;
  for (const double a : v) sum += a;
  for (const double a : v) squares += (a - sum / n) * (a - sum / n);
  Vector result(v.size());
  for (std::size_t k = 0; k < v.size(); ++k)
    result[k] = gamma[k] * (v[k] - sum / n) / std::sqrt(squares / n + 1e-5);
  return result;
}

void ligru(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector gate_x = normalised(p.times("W_z", x), p.vector("gamma_z"));
  const Vector candidate_x = normalised(p.times("W_h", x), p.vector("gamma_h"));
  const Vector gate_h = p.affine({{"U_z", h}}, "b_z"), candidate_h = p.affine({{"U_h", h}}, "b_h");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double z = logistic(gate_x[k] + gate_h[k]);
    h[k] = z * h[k] + (1 - z) * std::max(0.0, candidate_x[k] + candidate_h[k]);
  }
}

void fastrnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const double alpha = logistic(p.vector("alpha")[0]), beta = logistic(p.vector("beta")[0]);
  const Vector a = p.affine({{"W", x}, {"U", h}}, "b");
  for (std::size_t k = 0; k < h.size(); ++k) h[k] = alpha * std::tanh(a[k]) + beta * h[k];
}

void fastgrnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const double zeta = logistic(p.vector("zeta")[0]), nu = logistic(p.vector("nu")[0]);
  const Vector gate = p.affine({{"W", x}, {"U", h}}, "b_z");
  const Vector candidate = p.affine({{"W", x}, {"U", h}}, "b_h");
  for (std::size_t k = 0; k < h.size(); ++k)
    h[k] = (zeta * logistic(-gate[k]) + nu) * std::tanh(candidate[k]) + logistic(gate[k]) * h[k];
}

void star(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector z = p.affine({{"W_z", x}}, "b_z"), gate = p.affine({{"W_x", x}, {"W_h", h}}, "b_k");
  for (std::size_t k = 0; k < h.size(); ++k)
    h[k] = std::tanh(h[k] + logistic(gate[k]) * (std::tanh(z[k]) - h[k]));
}

void minimal_rnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  Vector z = p.affine({{"W_x", x}}, "b_z");
  for (double& a : z) a = std::tanh(a);
  const Vector gate = p.affine({{"U_h", h}, {"U_z", z}}, "b_u");
  for (std::size_t k = 0; k < h.size(); ++k) h[k] = z[k] + logistic(gate[k]) * (h[k] - z[k]);
}

void light_recurrent_unit(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector candidate = p.times("W_h", x), gate = p.affine({{"W_f", x}, {"U_f", h}}, "b_f");
  for (std::size_t k = 0; k < h.size(); ++k) h[k] += logistic(gate[k]) * (std::tanh(candidate[k]) - h[k]);
}

void atr(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector from_x = p.times("W", x), from_h = p.times("U", h);
  for (std::size_t k = 0; k < h.size(); ++k)
    h[k] = from_x[k] / (1 + std::exp(-from_x[k] - from_h[k])) + h[k] / (1 + std::exp(from_h[k] - from_x[k]));
}

}  // namespace

std::vector<CellLoop> minimal_loops() {
  return {{"mingru", {}, mingru},
          {"minlstm", {}, minlstm},
          {"janet", {{"beta", 0.6}}, janet},
          {"cfn", {}, cfn},
          {"ran", {}, ran},
          {"ligru", {}, ligru},
          {"fastrnn", {}, fastrnn},
          {"fastgrnn", {}, fastgrnn},
          {"star", {}, star},
          {"minimal_rnn", {}, minimal_rnn},
          {"light_recurrent_unit", {}, light_recurrent_unit},
          {"atr", {}, atr}};
}

}  // namespace unroll
