#include <algorithm>
#include <cmath>

#include "tests/models/oracles/loops.hpp"

namespace unroll {
namespace {

void jordan(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double mu = 0.7;
  Vector &state = s["s"], &output = s["y"];
  for (std::size_t i = 0; i < state.size(); ++i) state[i] = output[i] + mu * state[i];
  Vector hidden = p.affine({{"W_h", x}, {"U_h", state}}, "b_h");
  for (double& h : hidden) h = std::tanh(h);
  output = p.affine({{"V", hidden}}, "b_o");
  for (double& y : output) y = std::tanh(y);
}

void irnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector h = p.affine({{"W_hh", s["h"]}, {"W_xh", x}}, "b_h");
  for (double& v : h) v = v > 0 ? v : 0;
  s["h"] = h;
}

void indrnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  const Vector drive = p.affine({{"W", x}}, "b"), u = p.vector("u");
  Vector& h = s["h"];
  for (std::size_t n = 0; n < h.size(); ++n) h[n] = std::tanh(drive[n] + u[n] * h[n]);
}

void scrn(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double alpha = 0.9;
  const Vector seen = p.times("B", x);
  Vector& context = s["s"];
  for (std::size_t i = 0; i < context.size(); ++i) context[i] = (1 - alpha) * seen[i] + alpha * context[i];
  Vector h = p.affine({{"P", context}, {"A", x}, {"R", s["h"]}});
  for (double& v : h) v = logistic(v);
  s["h"] = h;
  s["y"] = h;
  s["y"].insert(s["y"].end(), context.begin(), context.end());
}

}  // namespace

std::vector<CellLoop> plain_loops() {
  return {{"jordan", {{"mu", 0.7}}, jordan},
          {"irnn", {}, irnn},
          {"indrnn", {}, indrnn},
          {"scrn", {{"alpha", 0.9}}, scrn, {{"context", 3}}}};
}

}  // namespace unroll
