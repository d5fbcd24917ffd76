#include "experiments/bench/rivals/plain_s4d.hpp"

#include <algorithm>
#include <complex>
#include <numbers>

#include "experiments/bench/rivals/widest_vectors.hpp"

// With -ffast-math: CMakeLists.txt.

namespace unroll {
namespace {

using Numbers = std::vector<float>;
using Complex = std::complex<float>;

constexpr int n = 8;  ///< complex numbers of a unit's state
/// Of the parameters, as the engine lists them.
enum Place { log_dt, A_log, A_off, C_re, C_im, D, V, W_hy, b_y };

class PlainS4d final : public PlainLoop {
 public:
  explicit PlainS4d(StepShape shape)
      : T_(shape.steps), B_(shape.rows), I_(shape.inputs), H_(shape.hidden), u_(T_ * B_ * H_), y_(B_ * H_) {
    for (Numbers* of_unit :
         {&e_re_, &e_im_, &g_re_, &g_im_, &c_re_, &c_im_, &de_re_, &de_im_, &dc_re_, &dc_im_})
      of_unit->resize(H_ * n);
    for (Numbers* states : {&re_, &im_}) states->resize((T_ + 1) * B_ * H_ * n);
    for (Numbers* gradient : {&d_re_, &d_im_}) gradient->resize(B_ * H_ * n);
    dy_.resize(B_ * H_);
    du_.resize(T_ * B_ * H_);
  }

  float run(const std::vector<Tensor<float>>& parameters, const Tensor<float>& x,
            const Tensor<float>& target) override {
    if (gradients_.empty())
      for (const Tensor<float>& p : parameters) gradients_.emplace_back(p.shape());
    for (Tensor<float>& gradient : gradients_) gradient.fill(0);
    discretise(parameters);
    read_inputs(parameters[V].data(), x.data());
    const float* d = parameters[D].data();
    for (std::int64_t t = 0; t + 1 < T_; ++t) forward<false>(t, d);
    forward<true>(T_ - 1, d);
    const float loss = readout(parameters, target.data());
    for (Numbers* sum : {&de_re_, &de_im_, &dc_re_, &dc_im_, &d_re_, &d_im_}) std::ranges::fill(*sum, 0.0f);
    backward<true>(T_ - 1, d);
    for (std::int64_t t = T_ - 1; t-- > 0;) backward<false>(t, d);
    input_gradient(x.data());
    discretise_back(parameters);
    return loss;
  }

 private:
  static Complex rate(const std::vector<Tensor<float>>& p, std::int64_t at) {
    return {-std::exp(p[A_log][at]), std::numbers::pi_v<float> * static_cast<float>(at % n) + p[A_off][at]};
  }

  static Complex output(const std::vector<Tensor<float>>& p, std::int64_t at) {
    return {p[C_re][at], p[C_im][at]};
  }

  /// e = exp(dt A), g = (e - 1) / A, and c = 2 C g.
  void discretise(const std::vector<Tensor<float>>& p) {
    for (std::int64_t at = 0; at < H_ * n; ++at) {
      const Complex A = rate(p, at), step = std::exp(p[log_dt][at / n]) * A;
      const float half = std::sin(step.imag() / 2);
      const Complex less_one{std::expm1(step.real()) * std::cos(step.imag()) - 2 * half * half,
                             std::exp(step.real()) * std::sin(step.imag())};
      const Complex g = less_one / A;
      e_re_[at] = 1 + less_one.real();
      e_im_[at] = less_one.imag();
      g_re_[at] = g.real();
      g_im_[at] = g.imag();
      const Complex c = 2.0f * output(p, at) * g;
      c_re_[at] = c.real();
      c_im_[at] = c.imag();
    }
  }

  void discretise_back(const std::vector<Tensor<float>>& p) {
    for (std::int64_t at = 0; at < H_ * n; ++at) {
      const Complex A = rate(p, at), e{e_re_[at], e_im_[at]}, g{g_re_[at], g_im_[at]};
      const float dt = std::exp(p[log_dt][at / n]);
      const Complex dc = 2.0f * Complex{dc_re_[at], dc_im_[at]};
      const Complex dg = dc * std::conj(output(p, at)), dC = dc * std::conj(g);
      const Complex de = Complex{de_re_[at], de_im_[at]} + dg * std::conj(1.0f / A);
      const Complex dA = dg * std::conj(-g / A) + de * std::conj(dt * e);
      gradients_[C_re][at] = dC.real();
      gradients_[C_im][at] = dC.imag();
      gradients_[log_dt][at / n] += (de * std::conj(A * e)).real() * dt;
      gradients_[A_log][at] = dA.real() * A.real();
      gradients_[A_off][at] = dA.imag();
    }
  }

  void read_inputs(const float* v, const float* x) {
    for (std::int64_t row = 0; row < T_ * B_; ++row)
      for (std::int64_t h = 0; h < H_; ++h) {
        float sum = 0;
        for (std::int64_t i = 0; i < I_; ++i) sum += v[h * I_ + i] * x[row * I_ + i];
        u_[row * H_ + h] = sum;
      }
  }

  void input_gradient(const float* x) {
    float* dv = gradients_[V].data();
    for (std::int64_t row = 0; row < T_ * B_; ++row)
      for (std::int64_t h = 0; h < H_; ++h)
        for (std::int64_t i = 0; i < I_; ++i) dv[h * I_ + i] += du_[row * H_ + h] * x[row * I_ + i];
  }

  /// The output is wanted of the last step alone.
  template <bool last>
  WIDEST_VECTORS void forward(std::int64_t t, const float* d) {
    const std::int64_t rows = B_, units = H_;
    const float* __restrict e_re = e_re_.data(), * __restrict e_im = e_im_.data();
    const float* __restrict c_re = c_re_.data(), * __restrict c_im = c_im_.data();
    for (std::int64_t b = 0; b < rows; ++b)
      for (std::int64_t h = 0; h < units; ++h) {
        const std::int64_t unit = (t * rows + b) * units + h;
        const float *re = &re_[unit * n], *im = &im_[unit * n], u = u_[unit];
        float *next_re = &re_[(unit + rows * units) * n], *next_im = &im_[(unit + rows * units) * n];
        float sum = 0;
#pragma GCC ivdep
        for (int j = 0; j < n; ++j) {
          const std::int64_t at = h * n + j;
          const float r = e_re[at] * re[j] - e_im[at] * im[j] + u;
          const float i = e_im[at] * re[j] + e_re[at] * im[j];
          next_re[j] = r;
          next_im[j] = i;
          if constexpr (last) sum += c_re[at] * r - c_im[at] * i;
        }
        if constexpr (last) y_[b * units + h] = sum + d[h] * u;
      }
  }

  template <bool last>
  WIDEST_VECTORS void backward(std::int64_t t, const float* d) {
    const std::int64_t rows = B_, units = H_;
    const float* __restrict e_re = e_re_.data(), * __restrict e_im = e_im_.data();
    const float* __restrict c_re = c_re_.data(), * __restrict c_im = c_im_.data();
    float *de_re = de_re_.data(), *de_im = de_im_.data(), *dc_re = dc_re_.data(), *dc_im = dc_im_.data();
    float* dd = gradients_[D].data();
    for (std::int64_t b = 0; b < rows; ++b)
      for (std::int64_t h = 0; h < units; ++h) {
        const std::int64_t unit = (t * rows + b) * units + h;
        const float *re = &re_[unit * n], *im = &im_[unit * n], u = u_[unit];
        const float *next_re = &re_[(unit + rows * units) * n], *next_im = &im_[(unit + rows * units) * n];
        float *d_re = &d_re_[(b * units + h) * n], *d_im = &d_im_[(b * units + h) * n];
        const float dy = last ? dy_[b * units + h] : 0;
        float du = 0;
#pragma GCC ivdep
        for (int j = 0; j < n; ++j) {
          const std::int64_t at = h * n + j;
          float r = d_re[j], i = d_im[j];
          if constexpr (last) {
            r += dy * c_re[at];
            i -= dy * c_im[at];
            dc_re[at] += dy * next_re[j];
            dc_im[at] -= dy * next_im[j];
          }
          de_re[at] += r * re[j] + i * im[j];
          de_im[at] += i * re[j] - r * im[j];
          du += r;
          d_re[j] = r * e_re[at] + i * e_im[at];
          d_im[j] = i * e_re[at] - r * e_im[at];
        }
        if constexpr (last) dd[h] += dy * u;
        du_[unit] = last ? du + d[h] * dy : du;
      }
  }

  /// The loss, its gradients in the readout, and its gradient in the last y.
  float readout(const std::vector<Tensor<float>>& p, const float* target) {
    float loss = 0;
    for (std::int64_t b = 0; b < B_; ++b) {
      float error = p[b_y][0] - target[b];
      for (std::int64_t h = 0; h < H_; ++h) error += p[W_hy][h] * y_[b * H_ + h];
      const float d_error = 2 * error / static_cast<float>(B_);
      loss += error * error / static_cast<float>(B_);
      gradients_[b_y][0] += d_error;
      for (std::int64_t h = 0; h < H_; ++h) gradients_[W_hy][h] += d_error * y_[b * H_ + h];
      for (std::int64_t h = 0; h < H_; ++h) dy_[b * H_ + h] = d_error * p[W_hy][h];
    }
    return loss;
  }

  std::int64_t T_, B_, I_, H_;
  Numbers u_, y_;                                    ///< (T, B, H), (B, H)
  Numbers e_re_, e_im_, g_re_, g_im_, c_re_, c_im_;  ///< (H, n)
  Numbers de_re_, de_im_, dc_re_, dc_im_;            ///< gradients of e and c
  Numbers re_, im_;                                  ///< (T + 1, B, H, n), the states 0 to T
  Numbers d_re_, d_im_;                              ///< (B, H, n), the gradient of the state behind a step
  Numbers dy_, du_;                                  ///< (B, H), (T, B, H)
};

}  // namespace

std::unique_ptr<PlainLoop> plain_wide_loop(std::string_view cell, StepShape shape) {
  return cell == "s4d" ? std::make_unique<PlainS4d>(shape) : nullptr;
}

}  // namespace unroll
