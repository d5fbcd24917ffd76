#include "framework/tensor/transpose.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "tests/framework/tensor/guarded_array.hpp"

using namespace unroll;

namespace {

/// Ordinary values with those between that arithmetic could change.
template <class T>
T element(std::int64_t i) {
  using limits = std::numeric_limits<T>;
  const T odd[] = {T(-0.0), limits::infinity(), -limits::infinity(), limits::denorm_min(), limits::max()};
  return i % 7 == 3 ? odd[i / 7 % 5] : static_cast<T>(i) / 3 - 5;
}

template <class T>
auto bits(T x) {
  return std::bit_cast<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>(x);
}

}  // namespace

TEST_CASE_TEMPLATE("[transpose] every element moves bit by bit, and nothing else is touched", T, float,
                   double) {
  for (const Edge edge : {Edge::begin, Edge::end})
    for (const std::int64_t m : {0, 1, 2, 15, 16, 17, 67, 513})
      for (const std::int64_t n : {0, 1, 3, 16, 31, 200}) {
        CAPTURE(m);
        CAPTURE(n);
        GuardedArray<T> x(m * n, edge), y(m * n, edge);
        for (std::int64_t i = 0; i < m * n; ++i) x.data()[i] = element<T>(i);
        transpose_matrix(x.data(), m, n, y.data());
        std::int64_t wrong = 0;
        for (std::int64_t i = 0; i < m; ++i)
          for (std::int64_t j = 0; j < n; ++j)
            wrong += bits(y.data()[j * m + i]) != bits(x.data()[i * n + j]);
        CHECK(wrong == 0);
      }
}

TEST_CASE_TEMPLATE("[transpose] NaN stays NaN", T, float, double) {
  const std::vector<T> x = {1, std::numeric_limits<T>::quiet_NaN(), 3, 4, 5, 6};
  std::vector<T> y(6);
  transpose_matrix(x.data(), 2, 3, y.data());
  CHECK(std::isnan(y[2]));
  CHECK(y[1] == 4);
}
