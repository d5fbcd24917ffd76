#include "models/language/matrix_maps.hpp"

#include <cmath>

#include "framework/autodiff/ops.hpp"

namespace unroll {

Var identity_matrix(Tape& tape, std::int64_t n) {
  Tensor<double> eye({n, n});
  for (std::int64_t i = 0; i < n; ++i) eye[i * n + i] = 1;
  return tape.constant(std::move(eye));
}

Var cayley(Var s) {
  const Var eye = identity_matrix(s.tape(), s.dims()[0].number());
  return solve(eye + s, eye - s);
}

// Scaling and squaring (Moler & Van Loan 2003) with as many squarings whatever A is, for a tape knows no
// values; the series to its 15th power, in three products of A^4 (Paterson & Stockmeyer 1973).
Var matrix_exponential(Var a) {
  constexpr int squarings = 7;
  const Var eye = identity_matrix(a.tape(), a.dims()[0].number());
  const Var a1 = a * std::ldexp(1.0, -squarings);
  const Var a2 = matmul(a1, a1), a3 = matmul(a2, a1), a4 = matmul(a2, a2);
  const auto part = [&](double k) {  // of A^k on, over k!
    const double c1 = 1 / (k + 1), c2 = c1 / (k + 2), c3 = c2 / (k + 3);
    return eye + a1 * c1 + a2 * c2 + a3 * c3;
  };
  Var sum = part(12);
  for (const double k : {8.0, 4.0, 0.0})
    sum = part(k) + matmul(a4, sum) * (1 / ((k + 1) * (k + 2) * (k + 3) * (k + 4)));
  for (int i = 0; i < squarings; ++i) sum = matmul(sum, sum);
  return sum;
}

}  // namespace unroll
