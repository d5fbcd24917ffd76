#include "experiments/bench/rivals/handwritten_vanilla.hpp"

#include <algorithm>

#include "experiments/bench/rivals/widest_vectors.hpp"
#include "framework/tensor/gemm.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {

namespace {

enum { w_xh, w_hh, b_h, w_hy, b_y };

void transpose(const float* a, std::int64_t rows, std::int64_t columns, float* b) {
  constexpr std::int64_t tile = 16;
  for (std::int64_t i = 0; i < rows; i += tile)
    for (std::int64_t j = 0; j < columns; j += tile)
      for (std::int64_t k = i; k < std::min(i + tile, rows); ++k)
        for (std::int64_t l = j; l < std::min(j + tile, columns); ++l) b[l * rows + k] = a[k * columns + l];
}

/// dz = dh (1 - h^2).
WIDEST_VECTORS void tanh_gradient(const float* dh, const float* h, float* dz, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) dz[i] = dh[i] * (1 - h[i] * h[i]);
}

/// sum += each row.
WIDEST_VECTORS void add_rows(const float* a, std::int64_t rows, std::int64_t columns, float* sum) {
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) sum[j] += a[i * columns + j];
}

/// y += a x.
WIDEST_VECTORS void add_scaled(float a, const float* x, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

WIDEST_VECTORS void scale(float a, const float* x, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = a * x[i];
}

float dot(const float* a, const float* b, std::int64_t n) {
  float sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

HandwrittenVanilla::HandwrittenVanilla(StepShape shape)
    : shape_(shape),
      step_(shape.rows * shape.hidden),
      w_xh_t_({shape.inputs, shape.hidden}),
      w_hh_t_({shape.hidden, shape.hidden}),
      states_({shape.steps + 1, shape.rows, shape.hidden}),
      dz_({shape.steps, shape.rows, shape.hidden}),
      dh_({shape.rows, shape.hidden}),
      gradients_({Tensor<float>({shape.hidden, shape.inputs}), Tensor<float>({shape.hidden, shape.hidden}),
                  Tensor<float>({shape.hidden}), Tensor<float>({1, shape.hidden}), Tensor<float>({1})}) {}

float HandwrittenVanilla::run(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x,
                              const Tensor<float>& target) {
  forward(parameters, x);
  const float loss = readout(parameters, target);
  backward(parameters[w_hh]);
  weight_gradients(x);
  return loss;
}

void HandwrittenVanilla::forward(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x) {
  const auto [steps, rows, inputs, hidden] = shape_;
  transpose(parameters[w_xh].data(), hidden, inputs, w_xh_t_.data());
  transpose(parameters[w_hh].data(), hidden, hidden, w_hh_t_.data());
  // A block of pre-activations stays in the cache until its steps come.
  const std::int64_t block = std::clamp<std::int64_t>(32768 / step_, 1, steps);
  const UnaryKernel<float> tanh = kernels<float>()[Unary::tanh];
  const float* bias = parameters[b_h].data();
  for (std::int64_t t = 0; t < steps; t += block) {
    const std::int64_t some = std::min(block, steps - t) * rows;
    float* z = states_.data() + (t + 1) * step_;
    for (std::int64_t i = 0; i < some; ++i) std::copy_n(bias, hidden, z + i * hidden);
    gemm(false, false, some, hidden, inputs, x.data() + t * rows * inputs, w_xh_t_.data(), 1.0f, z);
    for (float* h = z; h != z + some * hidden; h += step_) {
      gemm(false, false, rows, hidden, hidden, h - step_, w_hh_t_.data(), 1.0f, h);
      tanh(h, h, step_);
    }
  }
}

/// The loss, its gradients in the readout, and its gradient in h_T, which goes to dh_.
float HandwrittenVanilla::readout(const std::vector<Tensor<float>>& parameters, const Tensor<float>& target) {
  const auto [steps, rows, inputs, hidden] = shape_;
  const float* w = parameters[w_hy].data();
  gradients_[w_hy].fill(0);
  gradients_[b_y].fill(0);
  float loss = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* h = states_.data() + steps * step_ + i * hidden;
    const float error = dot(h, w, hidden) + parameters[b_y][0] - target[i];
    const float dy = 2 * error / static_cast<float>(rows);
    loss += error * error / static_cast<float>(rows);
    add_scaled(dy, h, gradients_[w_hy].data(), hidden);
    gradients_[b_y][0] += dy;
    scale(dy, w, dh_.data() + i * hidden, hidden);
  }
  return loss;
}

void HandwrittenVanilla::backward(const Tensor<float>& w) {
  const auto [steps, rows, inputs, hidden] = shape_;
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    float* dz = dz_.data() + t * step_;
    tanh_gradient(dh_.data(), states_.data() + (t + 1) * step_, dz, step_);
    if (t > 0) gemm(false, false, rows, hidden, hidden, dz, w.data(), 0.0f, dh_.data());
  }
}

void HandwrittenVanilla::weight_gradients(const Tensor<float>& x) {
  const auto [steps, rows, inputs, hidden] = shape_;
  gradients_[b_h].fill(0);
  add_rows(dz_.data(), steps * rows, hidden, gradients_[b_h].data());
  gemm(true, false, hidden, inputs, steps * rows, dz_.data(), x.data(), 0.0f, gradients_[w_xh].data());
  gemm(true, false, hidden, hidden, steps * rows, dz_.data(), states_.data(), 0.0f, gradients_[w_hh].data());
}

}  // namespace unroll
