#include "experiments/bench/rivals/gemm_floor.hpp"

#include <fmt/format.h>

#include <numeric>
#include <stdexcept>

#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

constexpr std::int64_t one[] = {1}, three[] = {3}, four[] = {4}, one_and_one[] = {1, 1};

/// What a step multiplies the state by: gates that read the same state are one product.
struct CellProducts {
  std::string_view cell;
  std::span<const std::int64_t> parts;
};

constexpr CellProducts table[] = {
    {"vanilla", one},
    {"lstm", four},
    {"gru", three},
    {"mgu", one_and_one},  // U_g is applied to f * h, which waits for f
};

std::span<const std::int64_t> parts_of(std::string_view cell) {
  for (const CellProducts& row : table)
    if (row.cell == cell) return row.parts;
  throw std::invalid_argument(fmt::format("no list of products for the cell '{}'", cell));
}

}  // namespace

Tensor<float> small_values(std::int64_t rows, std::int64_t columns) {
  Tensor<float> tensor({rows, columns});
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor[i] = 0.001f * static_cast<float>(i % 17 - 8);
  return tensor;
}

GemmFloor::GemmFloor(std::string_view cell, StepShape shape)
    : parts_(parts_of(cell)),
      gates_(std::accumulate(parts_.begin(), parts_.end(), std::int64_t{0})),
      shape_(shape) {
  const auto [steps, rows, inputs, hidden] = shape_;
  x_ = small_values(steps * rows, inputs);
  w_x_ = small_values(inputs, gates_ * hidden);
  states_ = small_values((steps + 1) * rows, hidden);
  grads_ = small_values(rows, hidden);
  d_w_x_ = small_values(gates_ * hidden, inputs);
  for (const std::int64_t part : parts_) {
    w_h_.push_back(small_values(part * hidden, hidden));
    w_h_transposed_.push_back(small_values(hidden, part * hidden));
    d_w_h_.push_back(small_values(part * hidden, hidden));
  }
  z_.push_back(small_values(steps * rows, gates_ * hidden));
}

void GemmFloor::forward() {
  const auto [steps, rows, inputs, hidden] = shape_;
  float* z = z_[0].data();
  gemm(false, false, steps * rows, gates_ * hidden, inputs, x_.data(), w_x_.data(), 0.0f, z);
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      gemm(false, false, rows, parts_[i] * hidden, hidden, states_.data() + t * rows * hidden,
           w_h_transposed_[i].data(), 0.0f, z);
      z += rows * parts_[i] * hidden;
    }
  }
}

/// The gradient of the first state is not asked for, but what a part before it gives is.
void GemmFloor::backward() {
  const auto [steps, rows, inputs, hidden] = shape_;
  const float* z = z_[0].data() + z_[0].numel();
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    for (std::size_t i = parts_.size(); i-- > 0;) {
      z -= rows * parts_[i] * hidden;
      if (t > 0 || i > 0)
        gemm(false, false, rows, hidden, parts_[i] * hidden, z, w_h_[i].data(), 0.0f, grads_.data());
    }
  }
}

void GemmFloor::weight_gradients() {
  const auto [steps, rows, inputs, hidden] = shape_;
  const float* z = z_[0].data();
  gemm(true, false, gates_ * hidden, inputs, steps * rows, z, x_.data(), 0.0f, d_w_x_.data());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    gemm(true, false, parts_[i] * hidden, hidden, steps * rows, z, states_.data(), 0.0f, d_w_h_[i].data());
    z += steps * rows * parts_[i] * hidden;
  }
}

void GemmFloor::run() {
  forward();
  backward();
  weight_gradients();
}

double GemmFloor::flops() const {
  const auto [steps, rows, inputs, hidden] = shape_;
  const double per_step = 2.0 * static_cast<double>(rows * hidden * gates_);
  const double n = static_cast<double>(steps);
  const double backward_steps = n - static_cast<double>(parts_[0]) / static_cast<double>(gates_);
  return per_step *
         (2 * n * static_cast<double>(inputs) + (2 * n + backward_steps) * static_cast<double>(hidden));
}

}  // namespace unroll
