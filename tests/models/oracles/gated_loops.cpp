#include <cmath>

#include "tests/models/oracles/loops.hpp"

namespace unroll {
namespace {

void mgu(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  Vector f = p.affine({{"W_f", x}, {"U_f", h}}, "b_f"), forgotten = h;
  for (std::size_t i = 0; i < h.size(); ++i) forgotten[i] *= f[i] = logistic(f[i]);
  const Vector candidate = p.affine({{"W_g", x}, {"U_g", forgotten}}, "b_g");
  for (std::size_t i = 0; i < h.size(); ++i) h[i] += f[i] * (std::tanh(candidate[i]) - h[i]);
}

/// With the squashing functions in the form of the paper's appendix.
void lstm_1997(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &y = s["h"], &cell = s["c"];
  const Vector in = p.affine({{"W_in", x}, {"U_in", y}}, "b_in");
  const Vector out = p.affine({{"W_out", x}, {"U_out", y}}, "b_out");
  const Vector net = p.affine({{"W_c", x}, {"U_c", y}}, "b_c");
  for (std::size_t j = 0; j < y.size(); ++j) {
    cell[j] += logistic(in[j]) * (4 / (1 + std::exp(-net[j])) - 2);
    y[j] = logistic(out[j]) * (2 / (1 + std::exp(-cell[j])) - 1);
  }
}

/// Three blocks of as equal sizes as there are, whose gates all units of the step before reach.
void lstm_1997_blocks(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &y = s["h"], &cell = s["c"];
  Vector sending = y;
  for (const char* gates : {"y_in", "y_out"}) sending.insert(sending.end(), s[gates].begin(), s[gates].end());
  const Vector in = p.affine({{"W_in", x}, {"U_in", sending}}, "b_in");
  const Vector out = p.affine({{"W_out", x}, {"U_out", sending}}, "b_out");
  const Vector net = p.affine({{"W_c", x}, {"U_c", sending}}, "b_c");
  for (std::size_t block = 0; block < in.size(); ++block) {
    s["y_in"][block] = logistic(in[block]);
    s["y_out"][block] = logistic(out[block]);
  }
  for (std::size_t j = 0; j < y.size(); ++j) {
    const std::size_t block = j * in.size() / y.size();
    cell[j] += s["y_in"][block] * (4 / (1 + std::exp(-net[j])) - 2);
    y[j] = s["y_out"][block] * (2 / (1 + std::exp(-cell[j])) - 1);
  }
}

void lstm_peephole(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"];
  const Vector i = p.affine({{"W_xi", x}, {"W_hi", h}}, "b_i");
  const Vector f = p.affine({{"W_xf", x}, {"W_hf", h}}, "b_f");
  const Vector g = p.affine({{"W_xc", x}, {"W_hc", h}}, "b_c");
  const Vector o = p.affine({{"W_xo", x}, {"W_ho", h}}, "b_o");
  const Vector to_i = p.vector("W_ci"), to_f = p.vector("W_cf"), to_o = p.vector("W_co");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double before = c[k];
    c[k] = logistic(f[k] + to_f[k] * before) * before + logistic(i[k] + to_i[k] * before) * std::tanh(g[k]);
    h[k] = logistic(o[k] + to_o[k] * c[k]) * std::tanh(c[k]);
  }
}

void lstm_coupled(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &y = s["y"], &c = s["c"];
  const Vector z = p.affine({{"W_z", x}, {"R_z", y}}, "b_z");
  const Vector i = p.affine({{"W_i", x}, {"R_i", y}}, "b_i");
  const Vector o = p.affine({{"W_o", x}, {"R_o", y}}, "b_o");
  const Vector p_i = p.vector("p_i"), p_o = p.vector("p_o");
  for (std::size_t k = 0; k < y.size(); ++k) {
    const double input = logistic(i[k] + p_i[k] * c[k]), forget = 1 - input;
    c[k] = input * std::tanh(z[k]) + forget * c[k];
    y[k] = std::tanh(c[k]) * logistic(o[k] + p_o[k] * c[k]);
  }
}

/// Its equations are those of any LSTM; the biases' start is tested with the initialisers.
void lstm_chrono(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"];
  const Vector i = p.affine({{"W_i", x}, {"U_i", h}}, "b_i"), f = p.affine({{"W_f", x}, {"U_f", h}}, "b_f");
  const Vector g = p.affine({{"W_g", x}, {"U_g", h}}, "b_g"), o = p.affine({{"W_o", x}, {"U_o", h}}, "b_o");
  for (std::size_t k = 0; k < h.size(); ++k) {
    c[k] = logistic(f[k]) * c[k] + logistic(i[k]) * std::tanh(g[k]);
    h[k] = logistic(o[k]) * std::tanh(c[k]);
  }
}

void update_gate_rnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double forget_bias = 0.3;
  Vector& h = s["h"];
  const Vector c = p.affine({{"W_ch", h}, {"W_cx", x}}, "b_c");
  const Vector g = p.affine({{"W_gh", h}, {"W_gx", x}}, "b_g");
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double keep = logistic(g[k] + forget_bias);
    h[k] = keep * h[k] + (1 - keep) * std::tanh(c[k]);
  }
}

}  // namespace

std::vector<CellLoop> gated_loops() {
  return {{"mgu", {}, mgu},
          {"lstm_1997", {}, lstm_1997},
          {"lstm_1997_truncated", {}, lstm_1997},  // of whose gradient the values know nothing
          {"lstm_1997_blocks", {}, lstm_1997_blocks, {{"blocks", 3}}},
          {"lstm_1997_blocks_truncated", {}, lstm_1997_blocks, {{"blocks", 3}}},
          {"lstm_peephole", {}, lstm_peephole},
          {"lstm_coupled", {}, lstm_coupled},
          {"lstm_chrono", {}, lstm_chrono},
          {"update_gate_rnn", {{"b_fg", 0.3}}, update_gate_rnn}};
}

}  // namespace unroll
