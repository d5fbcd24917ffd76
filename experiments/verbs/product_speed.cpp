#include "experiments/verbs/product_speed.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

constexpr std::int64_t size = 128;

template <class T>
struct Product {
  std::vector<T> a = std::vector<T>(size * size);
  std::vector<T> b = std::vector<T>(size * size);
  std::vector<T> c = std::vector<T>(size * size);

  Product() {
    // Any values of order one that are not symmetric.
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = static_cast<T>(std::sin(0.37 * static_cast<double>(i)));
      b[i] = static_cast<T>(std::cos(0.11 * static_cast<double>(i)));
    }
  }

  void multiply() { gemm(false, false, size, size, size, a.data(), b.data(), T{0}, c.data()); }

  double gflops() {
    using Clock = std::chrono::steady_clock;
    double best = 0;
    for (int repeat = 0; repeat < 30; ++repeat) {
      const auto begin = Clock::now();
      multiply();
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      best = std::max(best, 2e-9 * size * size * size / seconds);
    }
    return best;
  }

  double largest_error() const {
    double worst = 0;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < size; ++k) sum += static_cast<double>(a[i * size + k]) * b[k * size + j];
        // A NaN must not pass for a small error.
        const double error = std::abs(sum - c[i * size + j]);
        worst = error <= worst ? worst : error;
      }
    }
    return worst;
  }
};

}  // namespace

ProductSpeed measure_products() {
  single_threaded_products();
  Product<float> in_float;
  Product<double> in_double;
  ProductSpeed speed;
  speed.float_gflops = in_float.gflops();
  speed.double_gflops = in_double.gflops();
  speed.float_error = in_float.largest_error();
  speed.double_error = in_double.largest_error();
  return speed;
}

}  // namespace unroll
