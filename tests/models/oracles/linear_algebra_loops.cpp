#include <cmath>
#include <complex>

#include "tests/models/oracles/loops.hpp"

namespace unroll {
namespace {

/// X with M X = v for a small matrix, row by row, by elimination with the largest pivot.
Vector solved(Vector M, Vector v) {
  const std::size_t n = v.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i)
      if (std::abs(M[i * n + k]) > std::abs(M[pivot * n + k])) pivot = i;
    for (std::size_t j = 0; j < n; ++j) std::swap(M[k * n + j], M[pivot * n + j]);
    std::swap(v[k], v[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = M[i * n + k] / M[k * n + k];
      for (std::size_t j = 0; j < n; ++j) M[i * n + j] -= factor * M[k * n + j];
      v[i] -= factor * v[k];
    }
  }
  for (std::size_t k = 0; k < n; ++k) v[k] /= M[k * n + k];
  return v;
}

/// (I + A)^-1 (I - A) v with A = S - S^T.
Vector cayley_times(const Vector& S, const Vector& v) {
  const std::size_t n = v.size();
  Vector sum(n * n), right(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double a = S[i * n + j] - S[j * n + i], one = i == j ? 1 : 0;
      sum[i * n + j] = one + a;
      right[i] += (one - a) * v[j];
    }
  return solved(sum, right);
}

void orthogonal_rnn(const LoopParameters& p, const Vector& x, LoopState& s) {
  Vector& h = s["h"];
  const Vector D = p.vector("D"), b = p.vector("b"), drive = p.times("U", x);
  Vector scaled = h;
  for (std::size_t i = 0; i < h.size(); ++i) scaled[i] *= D[i];
  const Vector rotated = cayley_times(p.vector("W"), scaled);
  for (std::size_t i = 0; i < h.size(); ++i) {
    const double z = drive[i] + rotated[i], modulus = std::abs(z) + b[i];
    h[i] = modulus > 0 ? z / std::abs(z) * modulus : 0;
  }
}

/// In complex numbers, as the paper has it.
void lru(const LoopParameters& p, const Vector& x, LoopState& s) {
  using Complex = std::complex<double>;
  const Vector nu = p.vector("nu_log"), theta = p.vector("theta_log"), gamma = p.vector("gamma_log");
  const Vector B_re = p.times("B_re", x), B_im = p.times("B_im", x);
  Vector &re = s["re"], &im = s["im"];
  for (std::size_t k = 0; k < re.size(); ++k) {
    const Complex lambda = std::exp(Complex(-std::exp(nu[k]), std::exp(theta[k])));
    const Complex next = lambda * Complex(re[k], im[k]) + std::exp(gamma[k]) * Complex(B_re[k], B_im[k]);
    re[k] = next.real();
    im[k] = next.imag();
  }
  const Vector C_re = p.vector("C_re"), C_im = p.vector("C_im");
  s["y"] = p.times("D", x);
  for (std::size_t i = 0; i < s["y"].size(); ++i)
    for (std::size_t k = 0; k < re.size(); ++k) {
      const std::size_t at = i * re.size() + k;
      s["y"][i] += (Complex(C_re[at], C_im[at]) * Complex(re[k], im[k])).real();
    }
}

Vector normalised(const Vector& v) {
  double mean = 0, variance = 0;
  for (const double a : v) mean += a / static_cast<double>(v.size());
  for (const double a : v) variance += (a - mean) * (a - mean) / static_cast<double>(v.size());
  Vector result = v;
  for (double& a : result) a = (a - mean) / std::sqrt(variance + 1e-5);
  return result;
}

void fast_weights(const LoopParameters& p, const Vector& x, LoopState& s) {
  constexpr double lambda = 0.8, eta = 0.4;
  Vector &h = s["h"], &A = s["A"];
  const std::size_t n = h.size();
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) A[i * n + j] = lambda * A[i * n + j] + eta * h[i] * h[j];
  const Vector slow = p.affine({{"W", h}, {"C", x}});
  Vector sum = slow;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) sum[i] += A[i * n + j] * std::tanh(slow[j]);
  const Vector gain = p.vector("w_g"), bias = p.vector("b");
  h = normalised(sum);
  for (std::size_t i = 0; i < n; ++i) h[i] = std::tanh(gain[i] * h[i] + bias[i]);
}

}  // namespace

std::vector<CellLoop> linear_algebra_loops() {
  return {{"orthogonal_rnn", {}, orthogonal_rnn},
          {"lru", {}, lru},
          {"fast_weights", {{"lambda", 0.8}, {"eta", 0.4}}, fast_weights}};
}

}  // namespace unroll
