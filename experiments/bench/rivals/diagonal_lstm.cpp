#include "experiments/bench/rivals/diagonal_lstm.hpp"

#include <algorithm>
#include <cmath>

namespace unroll {

namespace {

constexpr std::int64_t units = diagonal_units;
constexpr std::int64_t of_layer = 8 * units;  ///< four weights and four biases

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

DiagonalLstm::DiagonalLstm(std::int64_t layers, std::int64_t steps) : layers_(layers), steps_(steps) {
  for (auto* values : {&v_, &f_, &i_, &o_, &g_, &tanh_c_}) values->resize(at(steps, 0));
  for (auto* values : {&h_, &c_}) values->resize(at(steps + 1, 0));
  y_.resize(static_cast<std::size_t>(steps * units));
  log_sum_.resize(static_cast<std::size_t>(steps));
  for (auto* values : {&dh_, &dc_}) values->resize(at(1, 0));
  weight_gradient_.resize(static_cast<std::size_t>(layers * of_layer));
  end_gradient_.resize(3 * units);
}

double DiagonalLstm::run(std::span<const double> weights, std::span<const double> ends,
                         std::span<const double> states, std::span<const double> inputs,
                         std::span<const double> targets) {
  for (std::int64_t k = 0; k < layers_; ++k) {
    std::copy_n(states.data() + 2 * k * units, units, h_.data() + at(0, k));
    std::copy_n(states.data() + (2 * k + 1) * units, units, c_.data() + at(0, k));
  }
  const double loss = forward(weights.data(), ends.data(), inputs.data(), targets.data());
  backward(weights.data(), ends.data(), inputs.data(), targets.data());
  return loss;
}

double DiagonalLstm::forward(const double* weights, const double* ends, const double* inputs,
                             const double* targets) {
  double sum = 0;
  for (std::int64_t t = 0; t < steps_; ++t) {
    double v[units];
    for (std::int64_t j = 0; j < units; ++j) v[j] = inputs[t * units + j] * ends[j];
    for (std::int64_t k = 0; k < layers_; ++k) layer(t, k, weights + k * of_layer, v);
    double* y = y_.data() + t * units;
    double exponentials = 2;
    for (std::int64_t j = 0; j < units; ++j) {
      y[j] = v[j] * ends[units + j] + ends[2 * units + j];
      exponentials += std::exp(y[j]);
    }
    const double log_sum = log_sum_[static_cast<std::size_t>(t)] = std::log(exponentials);
    for (std::int64_t j = 0; j < units; ++j) sum += targets[t * units + j] * (y[j] - log_sum);
  }
  return -sum / static_cast<double>(steps_ * units);
}

/// `v` is what the layer sees, and then its h.
void DiagonalLstm::layer(std::int64_t step, std::int64_t layer, const double* w, double* v) {
  const double* b = w + 4 * units;
  const std::size_t now = at(step, layer), next = at(step + 1, layer);
  const double *h = h_.data() + now, *c = c_.data() + now;
  double *f = f_.data() + now, *i = i_.data() + now, *o = o_.data() + now, *g = g_.data() + now;
  std::copy_n(v, units, v_.data() + now);
  for (std::int64_t j = 0; j < units; ++j) f[j] = logistic(v[j] * w[j] + b[j]);
  for (std::int64_t j = 0; j < units; ++j) i[j] = logistic(h[j] * w[units + j] + b[units + j]);
  for (std::int64_t j = 0; j < units; ++j) o[j] = logistic(v[j] * w[2 * units + j] + b[2 * units + j]);
  for (std::int64_t j = 0; j < units; ++j) g[j] = std::tanh(h[j] * w[3 * units + j] + b[3 * units + j]);
  double *h_next = h_.data() + next, *c_next = c_.data() + next, *tanh_c = tanh_c_.data() + now;
  for (std::int64_t j = 0; j < units; ++j) {
    c_next[j] = c[j] * f[j] + i[j] * g[j];
    tanh_c[j] = std::tanh(c_next[j]);
    v[j] = h_next[j] = o[j] * tanh_c[j];
  }
}

void DiagonalLstm::backward(const double* weights, const double* ends, const double* inputs,
                            const double* targets) {
  for (auto* values : {&weight_gradient_, &end_gradient_, &dh_, &dc_}) std::ranges::fill(*values, 0.0);
  double* d_ends = end_gradient_.data();
  const double scale = 1 / static_cast<double>(steps_ * units);
  for (std::int64_t t = steps_; t-- > 0;) {
    const double *y = y_.data() + t * units, *target = targets + t * units;
    const double* h = h_.data() + at(t + 1, layers_ - 1);
    double all = 0;
    for (std::int64_t j = 0; j < units; ++j) all += target[j];
    double dv[units];
    for (std::int64_t j = 0; j < units; ++j) {
      const double share = std::exp(y[j] - log_sum_[static_cast<std::size_t>(t)]);
      const double dy = (all * share - target[j]) * scale;
      d_ends[units + j] += dy * h[j];
      d_ends[2 * units + j] += dy;
      dv[j] = dy * ends[units + j];
    }
    for (std::int64_t k = layers_; k-- > 0;) layer_back(t, k, weights + k * of_layer, dv);
    for (std::int64_t j = 0; j < units; ++j) d_ends[j] += dv[j] * inputs[t * units + j];
  }
}

/// `dv` is the gradient of the layer's h, and then that of what it sees.
void DiagonalLstm::layer_back(std::int64_t step, std::int64_t layer, const double* w, double* dv) {
  const std::size_t now = at(step, layer);
  const double *v = v_.data() + now, *h = h_.data() + now, *c = c_.data() + now;
  const double *f = f_.data() + now, *i = i_.data() + now, *o = o_.data() + now, *g = g_.data() + now;
  const double* tanh_c = tanh_c_.data() + now;
  double *dh = dh_.data() + layer * units, *dc = dc_.data() + layer * units;
  double *dw = weight_gradient_.data() + layer * of_layer, *db = dw + 4 * units;
  for (std::int64_t j = 0; j < units; ++j) {
    const double d = dh[j] + dv[j];
    const double d_c = dc[j] + d * o[j] * (1 - tanh_c[j] * tanh_c[j]);
    const double d_o = d * tanh_c[j] * o[j] * (1 - o[j]);
    const double d_f = d_c * c[j] * f[j] * (1 - f[j]);
    const double d_i = d_c * g[j] * i[j] * (1 - i[j]);
    const double d_g = d_c * i[j] * (1 - g[j] * g[j]);
    dc[j] = d_c * f[j];
    dh[j] = d_i * w[units + j] + d_g * w[3 * units + j];
    dv[j] = d_f * w[j] + d_o * w[2 * units + j];
    dw[j] += d_f * v[j];
    dw[units + j] += d_i * h[j];
    dw[2 * units + j] += d_o * v[j];
    dw[3 * units + j] += d_g * h[j];
    db[j] += d_f;
    db[units + j] += d_i;
    db[2 * units + j] += d_o;
    db[3 * units + j] += d_g;
  }
}

}  // namespace unroll
