#include "experiments/bench/rivals/plain_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/bench/rivals/plain_cells.hpp"
#include "experiments/bench/rivals/widest_vectors.hpp"

// With -ffast-math: CMakeLists.txt.

namespace unroll {
namespace {

using Numbers = std::vector<float>;

template <class Cell, int B, int H>
class Loop final : public PlainLoop {
 public:
  explicit Loop(std::int64_t steps)
      : steps_(steps),
        w_(width),
        u_(width * H),
        u_back_(width * H),
        bias_(width),
        recurrent_bias_(width),
        h_((steps + 1) * B * H),
        c_((steps + 1) * B * H),
        z_(steps * B * width),
        s_(steps * B * width),
        dz_(steps * B * width),
        ds_(steps * B * width),
        dh_(B * H),
        dc_(B * H) {}

  float run(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x,
            const Tensor<float>& target) override {
    if (gradients_.empty())
      for (const Tensor<float>& p : parameters) gradients_.emplace_back(p.shape());
    take(parameters);
    forward(x.data());
    const float loss = readout(parameters, target.data());
    backward();
    weight_gradients(x.data());
    return loss;
  }

 private:
  static constexpr int gates = std::size(Cell::parameters);
  static constexpr int width = gates * H;  ///< sums of a step in one row

  void take(const std::vector<Tensor<float>>& parameters) {
    for (int g = 0; g < gates; ++g) {
      const auto [input, recurrent, bias] = Cell::parameters[g];
      std::copy_n(parameters[input].data(), H, &w_[g * H]);
      std::copy_n(parameters[bias].data(), H, &bias_[g * H]);
      std::copy_n(parameters[recurrent].data(), H * H, &u_back_[g * H * H]);
    }
    for (int i = 0; i < width; ++i)
      for (int k = 0; k < H; ++k) u_[k * width + i] = u_back_[i * H + k];
    if constexpr (Cell::recurrent_bias >= 0)  // of the last gate
      std::copy_n(parameters[Cell::recurrent_bias].data(), H, &recurrent_bias_[width - H]);
  }

  /// One row's sums, gate by gate, each to the place of its gate: every gate lies together for all rows.
  [[gnu::always_inline]] static void spread(const float* sum, float* z) {
    for (int g = 0; g < gates; ++g)
      for (int j = 0; j < H; ++j) z[g * B * H + j] = sum[g * H + j];
  }

  WIDEST_VECTORS void forward(const float* x) {
    for (std::int64_t t = 0; t < steps_; ++t) {
      const float *h = &h_[t * B * H], *c = &c_[t * B * H];
      float *z = &z_[t * B * width], *s = &s_[t * B * width];
      for (int b = 0; b < B; ++b) {
        float in[width], sum[width];
        for (int i = 0; i < width; ++i) in[i] = bias_[i] + x[t * B + b] * w_[i];
        for (int i = 0; i < width; ++i) sum[i] = Cell::apart ? recurrent_bias_[i] : in[i];
        for (int k = 0; k < H; ++k)
          for (int i = 0; i < width; ++i) sum[i] += h[b * H + k] * u_[k * width + i];
        spread(Cell::apart ? in : sum, z + b * H);
        if (Cell::apart) spread(sum, s + b * H);
      }
      Cell::template forward<B * H>(z, s, h, c, &h_[(t + 1) * B * H], &c_[(t + 1) * B * H]);
    }
  }

  WIDEST_VECTORS void backward() {
    std::fill(dc_.begin(), dc_.end(), 0.0f);
    float* dh = dh_.data();
    for (std::int64_t t = steps_ - 1; t >= 0; --t) {
      float *dz = &dz_[t * B * width], *ds = Cell::apart ? &ds_[t * B * width] : dz;
      Cell::template backward<B * H>(&z_[t * B * width], &s_[t * B * width], &h_[t * B * H], &c_[t * B * H],
                                     dh, dc_.data(), dz, ds);
      for (int b = 0; b < B; ++b) {
        float sum[H];
        for (int k = 0; k < H; ++k) sum[k] = dh[b * H + k];
        for (int g = 0; g < gates; ++g)
          for (int i = 0; i < H; ++i)
            for (int k = 0; k < H; ++k) sum[k] += ds[(g * B + b) * H + i] * u_back_[(g * H + i) * H + k];
        for (int k = 0; k < H; ++k) dh[b * H + k] = sum[k];
      }
    }
  }

  WIDEST_VECTORS void weight_gradients(const float* x) {
    const Numbers& ds = Cell::apart ? ds_ : dz_;
    for (int i = 0; i < width; ++i) {
      const int g = i / H, j = i % H;
      const auto [input, recurrent, bias] = Cell::parameters[g];
      float w = 0, in = 0, own = 0, u[H] = {};
      for (std::int64_t t = 0; t < steps_; ++t)
        for (int b = 0; b < B; ++b) {
          const std::int64_t row = t * B + b, at = ((t * gates + g) * B + b) * H + j;
          w += dz_[at] * x[row];
          in += dz_[at];
          own += ds[at];
          for (int k = 0; k < H; ++k) u[k] += ds[at] * h_[row * H + k];
        }
      gradients_[input][j] = w;
      gradients_[bias][j] = in;
      if (Cell::recurrent_bias >= 0 && g == gates - 1) gradients_[Cell::recurrent_bias][j] = own;
      std::copy_n(u, H, gradients_[recurrent].data() + j * H);
    }
  }

  /// The loss, its gradients in the readout, and its gradient in h_T.
  float readout(const std::vector<Tensor<float>>& parameters, const float* target) {
    const std::size_t at = parameters.size() - 2;
    gradients_[at].fill(0);
    gradients_[at + 1].fill(0);
    float loss = 0;
    for (int b = 0; b < B; ++b) {
      const float* h = &h_[(steps_ * B + b) * H];
      float error = parameters[at + 1][0] - target[b];
      for (int j = 0; j < H; ++j) error += parameters[at][j] * h[j];
      const float dy = 2 * error / B;
      loss += error * error / B;
      gradients_[at + 1][0] += dy;
      for (int j = 0; j < H; ++j) gradients_[at][j] += dy * h[j];
      for (int j = 0; j < H; ++j) dh_[b * H + j] = dy * parameters[at][j];
    }
    return loss;
  }

  std::int64_t steps_;
  Numbers w_, u_, u_back_;         ///< (gates H), (H, gates H), (gates H, H)
  Numbers bias_, recurrent_bias_;  ///< (gates H)
  Numbers h_, c_;                  ///< states 0 to T
  Numbers z_, s_, dz_, ds_;        ///< (T, B, gates H)
  Numbers dh_, dc_;                ///< (B, H)
};

template <class Cell, int B>
std::unique_ptr<PlainLoop> of_hidden_size(StepShape s) {
  switch (s.hidden) {
    case 1:
      return std::make_unique<Loop<Cell, B, 1>>(s.steps);
    case 4:
      return std::make_unique<Loop<Cell, B, 4>>(s.steps);
    case 8:
      return std::make_unique<Loop<Cell, B, 8>>(s.steps);
    case 16:
      return std::make_unique<Loop<Cell, B, 16>>(s.steps);
    case 32:
      return std::make_unique<Loop<Cell, B, 32>>(s.steps);
    case 64:
      return std::make_unique<Loop<Cell, B, 64>>(s.steps);
    default:
      return nullptr;
  }
}

template <class Cell>
std::unique_ptr<PlainLoop> of_rows(StepShape s) {
  if (s.rows == 1) return of_hidden_size<Cell, 1>(s);
  return s.rows == 16 ? of_hidden_size<Cell, 16>(s) : nullptr;
}

struct CellRow {
  std::string_view name;
  std::unique_ptr<PlainLoop> (*make)(StepShape);
};

constexpr CellRow cells[] = {
    {"vanilla", of_rows<plain::Vanilla>}, {"gru", of_rows<plain::Gru>}, {"lstm", of_rows<plain::Lstm>}};

}  // namespace

std::unique_ptr<PlainLoop> plain_loop(std::string_view cell, StepShape shape) {
  for (const CellRow& row : cells)
    if (row.name == cell && shape.inputs == 1)
      if (auto made = row.make(shape)) return made;
  throw std::invalid_argument(
      fmt::format("no plain loop is compiled for the cell '{}' with {} rows, {} inputs and {} hidden units",
                  cell, shape.rows, shape.inputs, shape.hidden));
}

}  // namespace unroll
