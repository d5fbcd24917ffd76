#pragma once

#include <array>
#include <cmath>

// What a step of each cell computes beside its products, for PlainLoop: `z` are the sums before the
// functions, gate by gate with N elements each, `h` and `c` states. Backward steps give the gradients of the
// sums, and those of the states before the step as far as no product makes them.

namespace unroll::plain {

/// Places of a gate's parameters in the engine's list.
struct GateParameters {
  int input, recurrent, bias;
};

[[gnu::always_inline]] inline float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

struct Vanilla {
  static constexpr std::array<GateParameters, 1> parameters = {{{0, 1, 2}}};
  static constexpr int recurrent_bias = -1;
  static constexpr bool apart = false;

  template <int N>
  [[gnu::always_inline]] static void forward(float* __restrict z, float*, const float*, const float*,
                                             float* __restrict h, float*) {
    for (int j = 0; j < N; ++j) h[j] = z[j] = std::tanh(z[j]);
  }

  template <int N>
  [[gnu::always_inline]] static void backward(const float* __restrict z, const float*, const float*,
                                              const float*, float* __restrict dh, float*,
                                              float* __restrict dz, float*) {
    for (int j = 0; j < N; ++j) dz[j] = dh[j] * (1 - z[j] * z[j]);
    for (int j = 0; j < N; ++j) dh[j] = 0;
  }
};

struct Lstm {
  static constexpr std::array<GateParameters, 4> parameters = {
      {{1, 2, 3}, {4, 5, 0}, {6, 7, 8}, {9, 10, 11}}};
  static constexpr int recurrent_bias = -1;
  static constexpr bool apart = false;

  template <int N>
  [[gnu::always_inline]] static void forward(float* __restrict z, float* __restrict y, const float*,
                                             const float* __restrict c_before, float* __restrict h,
                                             float* __restrict c) {
    float *i = z, *f = z + N, *g = z + 2 * N, *o = z + 3 * N;
    for (int j = 0; j < 2 * N; ++j) z[j] = sigmoid(z[j]);
    for (int j = 0; j < N; ++j) g[j] = std::tanh(g[j]);
    for (int j = 0; j < N; ++j) o[j] = sigmoid(o[j]);
    for (int j = 0; j < N; ++j) c[j] = f[j] * c_before[j] + i[j] * g[j];
    for (int j = 0; j < N; ++j) y[j] = std::tanh(c[j]);
    for (int j = 0; j < N; ++j) h[j] = o[j] * y[j];
  }

  template <int N>
  [[gnu::always_inline]] static void backward(const float* __restrict z, const float* __restrict y,
                                              const float*, const float* __restrict c_before,
                                              float* __restrict dh, float* __restrict dc,
                                              float* __restrict dz, float*) {
    const float *i = z, *f = z + N, *g = z + 2 * N, *o = z + 3 * N;
    for (int j = 0; j < N; ++j) {
      const float d = dc[j] + dh[j] * o[j] * (1 - y[j] * y[j]);
      dz[j] = d * g[j] * i[j] * (1 - i[j]);
      dz[N + j] = d * c_before[j] * f[j] * (1 - f[j]);
      dz[2 * N + j] = d * i[j] * (1 - g[j] * g[j]);
      dz[3 * N + j] = dh[j] * y[j] * o[j] * (1 - o[j]);
      dc[j] = d * f[j];
      dh[j] = 0;
    }
  }
};

/// `s` are the recurrent sums where they do not simply add to the input's: of n, which r multiplies.
struct Gru {
  static constexpr std::array<GateParameters, 3> parameters = {{{1, 2, 3}, {4, 5, 6}, {7, 9, 8}}};
  static constexpr int recurrent_bias = 0;
  static constexpr bool apart = true;

  template <int N>
  [[gnu::always_inline]] static void forward(float* __restrict z, float* __restrict s,
                                             const float* __restrict h_before, const float*,
                                             float* __restrict h, float*) {
    float *r = z, *u = z + N, *n = z + 2 * N;
    for (int j = 0; j < 2 * N; ++j) z[j] = sigmoid(z[j] + s[j]);
    for (int j = 0; j < N; ++j) n[j] = std::tanh(n[j] + r[j] * s[2 * N + j]);
    for (int j = 0; j < N; ++j) h[j] = (1 - u[j]) * n[j] + u[j] * h_before[j];
  }

  template <int N>
  [[gnu::always_inline]] static void backward(const float* __restrict z, const float* __restrict s,
                                              const float* __restrict h_before, const float*,
                                              float* __restrict dh, float*, float* __restrict dz,
                                              float* __restrict ds) {
    const float *r = z, *u = z + N, *n = z + 2 * N;
    for (int j = 0; j < N; ++j) {
      const float dn = dh[j] * (1 - u[j]) * (1 - n[j] * n[j]);
      ds[j] = dz[j] = dn * s[2 * N + j] * r[j] * (1 - r[j]);
      ds[N + j] = dz[N + j] = dh[j] * (h_before[j] - n[j]) * u[j] * (1 - u[j]);
      dz[2 * N + j] = dn;
      ds[2 * N + j] = dn * r[j];
      dh[j] *= u[j];
    }
  }
};

}  // namespace unroll::plain
