#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

// What stands between the two lines below is part of every header that `unroll export --to header` writes. So
// it is C++17, needs the standard library alone, and neither allocates nor throws. Here it is for the tests.

namespace unroll {

// ---- exported from here ----
/// How many numbers a register of the CPU that this is compiled for holds.
#if defined(__GNUC__) && defined(__AVX512F__)
static constexpr int register_width = 16;
#elif defined(__GNUC__) && defined(__AVX__)
static constexpr int register_width = 8;
#elif defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON))
static constexpr int register_width = 4;
#else
static constexpr int register_width = 1;
#endif

template <class Number, int width>
struct Register;
template <class Number>
struct Register<Number, 1> {
  using Type = Number;
};
static inline float as_real(std::int32_t n) { return static_cast<float>(n); }
#if defined(__GNUC__)
template <class Number, int width>
struct Register {
  using Type __attribute__((vector_size(width * sizeof(Number)))) = Number;
};
template <class Integers>
static inline auto as_real(Integers n) {
  return __builtin_convertvector(n, typename Register<float, sizeof n / 4>::Type);
}
#endif

/// Functions of `width` numbers side by side: a register of the CPU where the compiler has such a type (g++
/// and clang), else one number. They keep their meaning under -ffast-math but for NaN and infinities.
template <int width>
struct Lanes {
  using Numbers = typename Register<float, width>::Type;
  using Integers = typename Register<std::int32_t, width>::Type;
  using Words = typename Register<std::uint32_t, width>::Type;
  /// What takes what is left of a span.
  using Narrower = Lanes<(width > 4 ? width / 2 : 1)>;

  static Numbers load(const float* from) {
    Numbers x;
    std::memcpy(&x, from, sizeof x);
    return x;
  }
  static void store(float* to, Numbers x) { std::memcpy(to, &x, sizeof x); }
  static Numbers all(float x) { return Numbers{} + x; }
  static Words bits(Numbers x) {
    Words n;
    std::memcpy(&n, &x, sizeof n);
    return n;
  }
  static Numbers from_bits(Words n) {
    Numbers x;
    std::memcpy(&x, &n, sizeof x);
    return x;
  }

  /// body(lanes, i) for parts of 0 to n - 1 that begin at i, each as wide as its lanes.
  template <int n, int from = 0, class Body>
  static void each(Body body) {
    constexpr int end = from + (n - from) / width * width;
    for (int i = from; i < end; i += width) body(Lanes(), i);
    if constexpr (end < n) Narrower::template each<n, end>(body);
  }

  // ---- One operand. NaN goes through.

  static Numbers at_least(float limit, Numbers x) { return x < all(limit) ? all(limit) : x; }
  static Numbers at_most(float limit, Numbers x) { return x > all(limit) ? all(limit) : x; }

  /// x = n ln 2 + r with |r| <= ln 2 / 2 (Cody & Waite 1980, ch. 6): e^r, and n. Cephes' polynomial (expf.c).
  static Numbers exp_of_remainder(Numbers x, Integers& n) {
    const Numbers shifted = x * 0x1.715476p0f + 0x1.8p23f;  // rounded, n stands in the low bits
    n = (Integers)(bits(shifted) - 0x4B400000u);
    const Numbers whole = as_real(n);
    const Numbers r = (x - whole * 0x1.63p-1f) - whole * -0x1.bd0106p-13f;
    const Numbers square = r * r;
    Numbers p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = p * square + (8.3334519073e-3f * r + 4.1665795894e-2f);
    p = p * square + (1.6666665459e-1f * r + 5.0000001201e-1f);
    return p * square + r + 1.0f;
  }
  static Numbers power_of_two(Integers n) { return from_bits(((Words)n + 127u) << 23); }
  /// e^x for |x| <= 87.
  static Numbers near_exp(Numbers x) {
    Integers n;
    const Numbers y = exp_of_remainder(x, n);
    return y * power_of_two(n);
  }
  static Numbers exp(Numbers x) {
    Integers n;
    const Numbers y = exp_of_remainder(at_least(-104.0f, at_most(89.0f, x)), n);
    const Integers half = n >> 1;  // 2^n itself may be out of range
    return y * power_of_two(half) * power_of_two(n - half);
  }
  static Numbers sigmoid(Numbers x) { return 1.0f / (1.0f + near_exp(-at_least(-87.0f, at_most(87.0f, x)))); }
  /// x P(x²) / Q(x²), within 6 units in the last place (5 where products are fused with sums): the quotient
  /// whose relative error up to 9, from where on tanh rounds to 1, is the smallest (2e-8). It is ready sooner
  /// than what is made of e^2x.
  static Numbers tanh(Numbers x) {
    const Words sign = bits(x) & 0x80000000u;
    const Numbers a = at_most(9.0f, from_bits(bits(x) ^ sign));
    const Numbers square = a * a;
    Numbers p = 1.33544242e-8f * square + 2.06089098e-5f;
    Numbers q = 7.77646335e-7f * square + 3.28561757e-4f;
    p = p * square + 3.49557772e-3f;
    q = q * square + 2.5876943e-2f;
    p = p * square + 1.33810177e-1f;
    q = q * square + 4.67143357e-1f;
    p = p * square + 1.0f;
    q = q * square + 1.0f;
    return from_bits(bits(at_most(1.0f, a * p / q)) | sign);
  }
  static Numbers relu(Numbers x) { return x <= all(0) ? all(0) : x; }
  static Numbers abs(Numbers x) { return from_bits(bits(x) & 0x7FFFFFFFu); }
  static Numbers sign(Numbers x) { return x > all(0) ? all(1) : x < all(0) ? all(-1) : x; }

  /// The standard library's function, one number after the other.
  template <class Function>
  static Numbers one_by_one(Numbers x, Function f) {
    float values[width];
    store(values, x);
    for (float& value : values) value = f(value);
    return load(values);
  }
  static Numbers log(Numbers x) {
    return one_by_one(x, [](float v) { return std::log(v); });
  }
  static Numbers sqrt(Numbers x) {
    return one_by_one(x, [](float v) { return std::sqrt(v); });
  }
  static Numbers sin(Numbers x) {
    return one_by_one(x, [](float v) { return std::sin(v); });
  }
  static Numbers cos(Numbers x) {
    return one_by_one(x, [](float v) { return std::cos(v); });
  }
  static Numbers erf(Numbers x) {
    return one_by_one(x, [](float v) { return std::erf(v); });
  }
  static Numbers floor(Numbers x) {
    return one_by_one(x, [](float v) { return std::floor(v); });
  }
  static Numbers round(Numbers x) {
    return one_by_one(x, [](float v) { return std::nearbyint(v); });
  }
  static Numbers softplus(Numbers x) {
    return one_by_one(x, [](float v) { return (v < 0 ? 0 : v) + std::log1p(std::exp(v < 0 ? v : -v)); });
  }

  // ---- Two and three operands. Comparisons are 1 or 0.

  static Numbers pow(Numbers a, Numbers b) {
    float exponents[width];
    store(exponents, b);
    const float* exponent = exponents;
    return one_by_one(a, [&](float v) { return std::pow(v, *exponent++); });
  }
  static Numbers maximum(Numbers a, Numbers b) { return ((a > b) | (a != a)) ? a : b; }
  static Numbers less(Numbers a, Numbers b) { return a < b ? all(1) : all(0); }
  static Numbers less_equal(Numbers a, Numbers b) { return a <= b ? all(1) : all(0); }
  static Numbers equal(Numbers a, Numbers b) { return a == b ? all(1) : all(0); }
  static Numbers not_equal(Numbers a, Numbers b) { return a == b ? all(0) : all(1); }
  static Numbers where(Numbers condition, Numbers a, Numbers b) { return condition != all(0) ? a : b; }

  // ---- Products

  /// y = start + W x for as many rows as these lanes hold, in sums that stay in registers. Column k of W
  /// begins at weights + k stride, x_k is x[k step].
  template <int columns, int stride, int step, int... i>
  static void rows_at_once(const float* start, const float* weights, const float* x, float* y,
                           std::integer_sequence<int, i...>) {
    Numbers sums[] = {load(start + i * width)...};
    if constexpr (sizeof...(i) <= 4 && columns > 1) {
      // Two sums for each row, since an addition has to wait for the one before it.
      Numbers others[] = {((void)i, Numbers{})...};
      for (int k = 0; k + 1 < columns; k += 2) {
        ((sums[i] += load(weights + k * stride + i * width) * x[k * step]), ...);
        ((others[i] += load(weights + (k + 1) * stride + i * width) * x[(k + 1) * step]), ...);
      }
      if constexpr (columns % 2 == 1)
        ((sums[i] += load(weights + (columns - 1) * stride + i * width) * x[(columns - 1) * step]), ...);
      (store(y + i * width, sums[i] + others[i]), ...);
    } else {
      for (int k = 0; k < columns; ++k)
        ((sums[i] += load(weights + k * stride + i * width) * x[k * step]), ...);
      (store(y + i * width, sums[i]), ...);
    }
  }

  /// The same for any number of rows.
  template <int rows, int columns, int stride, int step = 1>
  static void add_columns(const float* start, const float* weights, const float* x, float* y) {
    constexpr int registers = rows / width < 8 ? rows / width : 8;
    constexpr int done = registers * width;
    if constexpr (registers > 0)
      rows_at_once<columns, stride, step>(start, weights, x, y, std::make_integer_sequence<int, registers>());
    if constexpr (rows - done >= width)
      add_columns<rows - done, columns, stride, step>(start + done, weights + done, x, y + done);
    else if constexpr (rows > done)
      Narrower::template add_columns<rows - done, columns, stride, step>(start + done, weights + done, x,
                                                                         y + done);
  }

  /// y = start + W x. W is kept in blocks of up to 128 rows, each column by column.
  template <int rows, int columns>
  static void product(const float* start, const float* weights, const float* x, float* y) {
    constexpr int block = rows < 128 ? rows : 128;
    add_columns<block, columns, block>(start, weights, x, y);
    if constexpr (rows > block)
      product<rows - block, columns>(start + block, weights + block * columns, x, y + block);
  }

  /// The sum of a_k b_k.
  template <int n>
  static float dot(const float* a, const float* b) {
    Numbers sums{};
    constexpr int end = n / width * width;
    for (int k = 0; k < end; k += width) sums += load(a + k) * load(b + k);
    float total = total_of(sums);
    for (int k = end; k < n; ++k) total += a[k] * b[k];
    return total;
  }

  /// y = start + W x for a W of few rows, kept row by row.
  template <int rows, int columns>
  static void product_by_rows(const float* start, const float* weights, const float* x, float* y) {
    for (int r = 0; r < rows; ++r) y[r] = start[r] + dot<columns>(weights + r * columns, x);
  }

  // ---- Rows of n numbers

  static float total_of(Numbers x) {
    float parts[width];
    store(parts, x);
    for (int half = width / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) parts[i] += parts[i + half];
    return parts[0];
  }
  template <int n>
  static float sum(const float* x) {
    Numbers sums{};
    constexpr int end = n / width * width;
    for (int k = 0; k < end; k += width) sums += load(x + k);
    float total = total_of(sums);
    for (int k = end; k < n; ++k) total += x[k];
    return total;
  }
  template <int n>
  static float largest(const float* x) {
    float top = x[0];
    for (int k = 1; k < n; ++k) top = x[k] > top || x[k] != x[k] ? x[k] : top;
    return top;
  }
  template <int n>
  static void exp_from_largest(const float* x, float* y) {
    const float top = largest<n>(x);
    each<n>([&](auto lanes, int i) { lanes.store(y + i, lanes.exp(lanes.load(x + i) - lanes.all(top))); });
  }
  template <int n>
  static void softmax(const float* x, float* y) {
    exp_from_largest<n>(x, y);
    const float total = sum<n>(y);
    each<n>([&](auto lanes, int i) { lanes.store(y + i, lanes.load(y + i) / lanes.all(total)); });
  }
  template <int n>
  static float logsumexp(const float* x) {
    float y[n];
    exp_from_largest<n>(x, y);
    return largest<n>(x) + std::log(sum<n>(y));
  }
};
// ---- to here ----

}  // namespace unroll
