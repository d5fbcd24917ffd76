#include <cmath>
#include <string>

#include "tests/models/oracles/loops.hpp"

// The LSTM's relatives.

namespace unroll {
namespace {

/// What of the vanilla LSTM of Greff et al. 2017 a variant keeps.
struct Kept {
  bool input_gate = true, forget_gate = true, output_gate = true;
  bool input_squashing = true, output_squashing = true;
  bool peepholes = true;
};

/// W x + R y + b of one of the study's four nets.
Vector net(const LoopParameters& p, const std::string& of, const Vector& x, const Vector& y) {
  const std::string W = "W_" + of, R = "R_" + of, b = "b_" + of;
  return p.affine({{W, x}, {R, y}}, b);
}

template <Kept kept>
void odyssey(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector y = s["y"], before = s["c"];
  const std::size_t n = y.size();
  // The gate of the net before sigma, with a peephole to `cell` where there are any; 1 where there is none.
  const auto gate = [&](bool there, const std::string& name, const Vector& cell) {
    if (!there) return Vector(n, 1.0);
    Vector result = net(p, name, x, y);
    for (std::size_t k = 0; k < n; ++k) {
      if constexpr (kept.peepholes) result[k] += p.vector("p_" + name)[k] * cell[k];
      result[k] = logistic(result[k]);
    }
    return result;
  };
  const Vector z = net(p, "z", x, y);
  const Vector i = gate(kept.input_gate, "i", before), f = gate(kept.forget_gate, "f", before);
  Vector& c = s["c"];
  for (std::size_t k = 0; k < n; ++k)
    c[k] = before[k] * f[k] + (kept.input_squashing ? std::tanh(z[k]) : z[k]) * i[k];
  const Vector o = gate(kept.output_gate, "o", c);
  for (std::size_t k = 0; k < n; ++k) s["y"][k] = (kept.output_squashing ? std::tanh(c[k]) : c[k]) * o[k];
}

void lstm_fgr(const LoopParameters& p, const Vector& x, LoopState& s) {
  const LoopState old = s;
  const std::size_t n = old.at("y").size();
  const auto gate = [&](const std::string& of, const Vector& cell) {
    Vector a = net(p, of, x, old.at("y"));
    for (const std::string from : {"i", "f", "o"}) {
      const Vector part = p.times("R_" + from + of, old.at(from));
      for (std::size_t k = 0; k < n; ++k) a[k] += part[k];
    }
    for (std::size_t k = 0; k < n; ++k) a[k] = logistic(a[k] + p.vector("p_" + of)[k] * cell[k]);
    return a;
  };
  s["i"] = gate("i", old.at("c"));
  s["f"] = gate("f", old.at("c"));
  const Vector z = net(p, "z", x, old.at("y"));
  for (std::size_t k = 0; k < n; ++k) s["c"][k] = s["f"][k] * old.at("c")[k] + s["i"][k] * std::tanh(z[k]);
  s["o"] = gate("o", s["c"]);
  for (std::size_t k = 0; k < n; ++k) s["y"][k] = s["o"][k] * std::tanh(s["c"][k]);
}

void multiplicative_lstm(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"];
  Vector m = p.times("W_mx", x);
  const Vector from_h = p.times("W_mh", h);
  for (std::size_t k = 0; k < m.size(); ++k) m[k] *= from_h[k];
  const Vector candidate = p.affine({{"W_hx", x}, {"W_hm", m}}, "b_h");
  const Vector i = p.affine({{"W_ix", x}, {"W_im", m}}, "b_i");
  const Vector o = p.affine({{"W_ox", x}, {"W_om", m}}, "b_o");
  const Vector f = p.affine({{"W_fx", x}, {"W_fm", m}}, "b_f");
  for (std::size_t k = 0; k < h.size(); ++k) {
    c[k] = logistic(i[k]) * std::tanh(candidate[k]) + logistic(f[k]) * c[k];
    h[k] = std::tanh(c[k]) / (1 + std::exp(-o[k]));
  }
}

void elstm(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector &h = s["h"], &c = s["c"];
  const Vector forget = p.affine({{"F", x}}, "b_f"), candidate = p.affine({{"Z", x}}, "b_z");
  const Vector w_f = p.vector("w_f"), w_z = p.vector("w_z");
  for (std::size_t k = 0; k < c.size(); ++k) {
    const double f = logistic(forget[k] + w_f[k] * c[k]), z = std::tanh(candidate[k] + w_z[k] * c[k]);
    c[k] = z + f * (c[k] - z);
  }
  const Vector o = p.affine({{"O", x}, {"W_o", c}}, "b_o");
  for (std::size_t k = 0; k < c.size(); ++k) h[k] = c[k] * logistic(o[k]);
}

}  // namespace

std::vector<CellLoop> lstm_variant_loops() {
  return {{"lstm_nig", {}, odyssey<Kept{.input_gate = false}>},
          {"lstm_nfg", {}, odyssey<Kept{.forget_gate = false}>},
          {"lstm_nog", {}, odyssey<Kept{.output_gate = false}>},
          {"lstm_niaf", {}, odyssey<Kept{.input_squashing = false}>},
          {"lstm_noaf", {}, odyssey<Kept{.output_squashing = false}>},
          {"lstm_np", {}, odyssey<Kept{.peepholes = false}>},
          {"lstm_fgr", {}, lstm_fgr},
          {"multiplicative_lstm", {}, multiplicative_lstm},
          {"elstm", {}, elstm}};
}

}  // namespace unroll
