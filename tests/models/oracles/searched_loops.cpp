#include <algorithm>
#include <cmath>
#include <string>

#include "tests/models/oracles/loops.hpp"

// Cells found by a search, and cells with something new in the place of the GRU's candidate.

namespace unroll {
namespace {

/// h + z (tanh(W_hh (r h) + drive) - h), which all of the search's three best share.
void mutated(const LoopParameters& p, const Vector& z, const Vector& r, const Vector& drive, Vector& h) {
  Vector reset = h;
  for (std::size_t k = 0; k < h.size(); ++k) reset[k] /= 1 + std::exp(-r[k]);
  const Vector a = p.affine({{"W_hh", reset}}, "b_h");
  for (std::size_t k = 0; k < h.size(); ++k) h[k] += logistic(z[k]) * (std::tanh(a[k] + drive[k]) - h[k]);
}

void mut1(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector z = p.affine({{"W_xz", x}}, "b_z"), r = p.affine({{"W_xr", x}, {"W_hr", h}}, "b_r");
  Vector drive = p.times("W_xh", x);
  for (double& a : drive) a = std::tanh(a);
  mutated(p, z, r, drive, h);
}

void mut2(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector z = p.affine({{"W_xz", x}, {"W_hz", h}}, "b_z");
  const Vector r = p.affine({{"W_xr", x}, {"W_hr", h}}, "b_r");
  mutated(p, z, r, p.times("W_xh", x), h);
}

void mut3(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  Vector squashed = h;
  for (double& a : squashed) a = std::tanh(a);
  const Vector z = p.affine({{"W_xz", x}, {"W_hz", squashed}}, "b_z");
  const Vector r = p.affine({{"W_xr", x}, {"W_hr", h}}, "b_r");
  mutated(p, z, r, p.times("W_xh", x), h);
}

/// The tree from its root down.
void nas(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector h = s["h"];
  std::vector<Vector> from_x, from_h;
  for (const char number : std::string("12345678")) {
    from_x.push_back(p.times(std::string("W_") + number, x));
    from_h.push_back(p.times(std::string("U_") + number, h));
  }
  for (std::size_t k = 0; k < h.size(); ++k) {
    const auto sum = [&](int leaf) { return from_x.at(leaf - 1)[k] + from_h.at(leaf - 1)[k]; };
    const double fourth = std::max(0.0, from_x[3][k] * from_h[3][k]);
    double& c = s["c"][k];
    c = std::tanh(c + std::tanh(logistic(sum(1)) * std::max(0.0, sum(2)))) *
        std::tanh(logistic(sum(3)) + fourth);
    const double right =
        std::tanh(std::tanh(sum(5)) * logistic(sum(6))) + logistic(std::tanh(sum(7)) + logistic(sum(8)));
    s["h"][k] = std::tanh(c * std::tanh(right));
  }
}

/// `a` and `c` before their squashing functions.
void bistable(const LoopParameters& p, const Vector& x, const Vector& a, const Vector& c, Vector& h) {
  const Vector drive = p.times("U", x);
  for (std::size_t k = 0; k < h.size(); ++k) {
    const double excited = std::tanh(drive[k] + 2 * logistic(2 * a[k]) * h[k]);  // 1 + tanh a = 2 sigma(2 a)
    h[k] = excited + logistic(c[k]) * (h[k] - excited);
  }
}

void brc(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  Vector a = p.times("U_a", x), c = p.times("U_c", x);
  for (std::size_t k = 0; k < h.size(); ++k) {
    a[k] += p.vector("w_a")[k] * h[k];
    c[k] += p.vector("w_c")[k] * h[k];
  }
  bistable(p, x, a, c, h);
}

void nbrc(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector h = s["h"];
  bistable(p, x, p.affine({{"W_a", h}, {"U_a", x}}), p.affine({{"W_c", h}, {"U_c", x}}), s["h"]);
}

void recurrent_highway(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& y = s["s"];
  const Vector candidate_x = p.times("W_h", x), gate_x = p.times("W_t", x);
  for (const std::string layer : {"1", "2", "3"}) {
    const std::string R_h = "R_h" + layer, R_t = "R_t" + layer, b_h = "b_h" + layer, b_t = "b_t" + layer;
    Vector candidate = p.affine({{R_h, y}}, b_h), gate = p.affine({{R_t, y}}, b_t);
    for (std::size_t k = 0; k < y.size(); ++k) {
      if (layer == "1") candidate[k] += candidate_x[k], gate[k] += gate_x[k];
      y[k] += logistic(gate[k]) * (std::tanh(candidate[k]) - y[k]);
    }
  }
}

}  // namespace

std::vector<CellLoop> searched_loops() {
  return {{"mut1", {}, mut1},
          {"mut2", {}, mut2},
          {"mut3", {}, mut3},
          {"nas", {}, nas},
          {"brc", {}, brc},
          {"nbrc", {}, nbrc},
          {"recurrent_highway", {}, recurrent_highway}};
}

}  // namespace unroll
