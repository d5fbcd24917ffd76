#pragma once

#include "framework/autodiff/tape.hpp"

/// The catalogue of what can be written on a tape. Shapes broadcast by numpy's rule where nothing else is
/// said; an axis counts from 0, or from the end when negative. All throw ShapeError, naming the op and the
/// shapes.
namespace unroll {

/// A function of functions.hpp, by name.
Var record(Unary f, Var x);
Var record(Binary f, Var a, Var b);

// Elementwise, one operand
inline Var neg(Var x) { return record(Unary::neg, x); }
inline Var exp(Var x) { return record(Unary::exp, x); }
inline Var log(Var x) { return record(Unary::log, x); }
inline Var sqrt(Var x) { return record(Unary::sqrt, x); }
inline Var square(Var x) { return record(Unary::square, x); }
inline Var abs(Var x) { return record(Unary::abs, x); }
inline Var sign(Var x) { return record(Unary::sign, x); }  ///< -1, 0 or 1; gradient 0
inline Var sin(Var x) { return record(Unary::sin, x); }
inline Var cos(Var x) { return record(Unary::cos, x); }
inline Var tanh(Var x) { return record(Unary::tanh, x); }
inline Var sigmoid(Var x) { return record(Unary::sigmoid, x); }
inline Var relu(Var x) { return record(Unary::relu, x); }          ///< gradient 0 at 0
inline Var softplus(Var x) { return record(Unary::softplus, x); }  ///< log(1 + e^x)
inline Var erf(Var x) { return record(Unary::erf, x); }
inline Var floor(Var x) { return record(Unary::floor, x); }  ///< gradient 0
inline Var round(Var x) { return record(Unary::round, x); }  ///< halves to the even number; gradient 0
Var identity(Var x);                                         ///< of indices too
Var stop_gradient(Var x);
/// x, whose cotangent is kept within limit / of on its way back, element by element: with `of` the sequences
/// that a loss is the mean of, the limit is that of one sequence's loss. NaN stays NaN.
Var clip_gradient(Var x, double limit, Dim of = 1);

// Elementwise, two operands; comparisons give 0 or 1, with gradient 0
inline Var add(Var a, Var b) { return record(Binary::add, a, b); }
inline Var sub(Var a, Var b) { return record(Binary::sub, a, b); }
inline Var mul(Var a, Var b) { return record(Binary::mul, a, b); }
inline Var div(Var a, Var b) { return record(Binary::div, a, b); }
inline Var pow(Var a, Var b) { return record(Binary::pow, a, b); }
inline Var maximum(Var a, Var b) { return record(Binary::maximum, a, b); }  ///< a tie halves the gradient
inline Var minimum(Var a, Var b) { return neg(maximum(neg(a), neg(b))); }
inline Var less(Var a, Var b) { return record(Binary::less, a, b); }
inline Var less_equal(Var a, Var b) { return record(Binary::less_equal, a, b); }
inline Var greater(Var a, Var b) { return record(Binary::greater, a, b); }
inline Var greater_equal(Var a, Var b) { return record(Binary::greater_equal, a, b); }
inline Var equal(Var a, Var b) { return record(Binary::equal, a, b); }
inline Var not_equal(Var a, Var b) { return record(Binary::not_equal, a, b); }
Var where(Var condition, Var a, Var b);  ///< a where condition is not 0, else b

inline Var operator-(Var x) { return neg(x); }
inline Var operator+(Var a, Var b) { return add(a, b); }
inline Var operator-(Var a, Var b) { return sub(a, b); }
inline Var operator*(Var a, Var b) { return mul(a, b); }
inline Var operator/(Var a, Var b) { return div(a, b); }
Var operator+(Var a, double b);
Var operator+(double a, Var b);
Var operator-(Var a, double b);
Var operator-(double a, Var b);
Var operator*(Var a, double b);
Var operator*(double a, Var b);
Var operator/(Var a, double b);
Var operator/(double a, Var b);

// Reductions
Var sum(Var x);  ///< of all elements, a scalar
Var sum(Var x, std::int64_t axis, bool keep_axis = false);
Var mean(Var x);
Var mean(Var x, std::int64_t axis, bool keep_axis = false);
Var max(Var x, std::int64_t axis, bool keep_axis = false);  ///< ties share the gradient
/// x less its maximum along the last axis, which counts as a constant. What is made of the result keeps its
/// digits however large x is; its derivatives are right to every order if a shift of x does not change it.
/// Where +Inf (or -Inf, of one element) is the maximum of one element alone, that element gives 0; where
/// several are at the same infinite maximum there is no limit and they give NaN.
Var from_max(Var x);
/// Of nothing but -Inf (or of nothing) -Inf, with gradient 0.
Var logsumexp(Var x, std::int64_t axis = -1, bool keep_axis = false);
/// Limits at infinity: -Inf has probability 0 and gradient 0; a single +Inf has probability 1 and the others
/// 0. NaN where there is no limit: several +Inf, or nothing but -Inf.
Var softmax(Var x, std::int64_t axis = -1);
Var log_softmax(Var x, std::int64_t axis = -1);  ///< with softmax's limits

// Products
/// (m, k) (k, n) -> (m, n), with either operand transposed on request; (b, m, k) (b, k, n) -> (b, m, n);
/// leading axes of `a` are rows when b has two axes.
Var matmul(Var a, Var b, bool transpose_a = false, bool transpose_b = false);
/// W x for a batch of row vectors: x (..., in), W (out, in) -> (..., out).
Var linear(Var x, Var weight);
/// (..., m), (..., n) -> (..., m, n): a_i b_j.
Var outer(Var a, Var b);
/// X with A X = B (or Aᵀ X = B): A (n, n), B (n, m). A singular A gives Inf or NaN.
Var solve(Var a, Var b, bool transpose = false);
/// The same for a triangular A; the other triangle is never read.
Var solve_triangular(Var a, Var b, bool lower, bool transpose = false, bool unit_diagonal = false);
/// The lower or upper triangle of the last two axes, the rest 0; `strict` leaves the diagonal out.
Var triangle(Var x, bool lower, bool strict = false);

// Shapes
Var reshape(Var x, Dims dims);
Var transpose(Var x);  ///< the last two axes swapped
Var transpose(Var x, std::vector<std::int64_t> permutation);
/// A `begin` below 0 counts from the end: slice(x, 0, -1, 1) is the last step. Of T or B a number of elements
/// can be had as well; a run that has fewer throws std::out_of_range.
Var slice(Var x, std::int64_t axis, Dim begin, Dim length);
/// Zeros of extent `total` along the axis, with x at `begin`, from the end as well: the adjoint of slice.
Var pad(Var x, std::int64_t axis, Dim begin, Dim total);
Var concat(const std::vector<Var>& parts, std::int64_t axis);
Var broadcast_to(Var x, Dims dims);
/// The sum over the axes along which `dims` broadcasts to x's shape: the adjoint of broadcast_to.
Var sum_to(Var x, Dims dims);

// Indices. An index outside its range stops the run with std::out_of_range.
/// Rows of a table (embedding): table (n, ...), index (i...) -> (i..., ...).
Var gather(Var table, Var index);
/// (i...) indices, updates (i..., ...) -> (rows, ...): rows of zeros with each update added at its index.
Var scatter_add(Var index, Var updates, Dim rows);
/// One element of each row: x (..., n), index (...) -> (...).
Var pick(Var x, Var index);
/// The index of the largest element of each row, the first of equal ones; a NaN is the largest: x (..., n) ->
/// (...).
Var argmax(Var x);
/// Indices as real numbers, of the same shape; the gradient stops there.
Var as_real(Var index);
/// The adjoint of pick: values (...), index (...) -> (..., n), zero elsewhere.
Var place(Var values, Var index, Dim n);

/// Zeros and ones, a one with probability `keep`; each depends only on (seed, layer, update, time step,
/// global batch row, unit), never on how rows or steps are split. dims: (rows, units); update, time_step and
/// first_row: index scalars.
Var random_mask(Var update, Var time_step, Var first_row, Dims dims, double keep, std::uint64_t seed,
                std::uint32_t layer);
/// Standard normal numbers, with dependences as those of random_mask; a mask and these of the same layer
/// share their bits, so each has a layer of its own.
Var random_normal(Var update, Var time_step, Var first_row, Dims dims, std::uint64_t seed,
                  std::uint32_t layer);
/// Inside the step of a scan that `any` belongs to: the absolute time step, an index scalar.
Var step_index(Var any);
/// How many elements `dims` holds, as a real scalar on the tape of `any`.
Var count(Var any, Dims dims);

// Losses, one for each element or row of logits. At infinite logits they are limits, of values and gradients.
/// Logits (..., n), index (...) -> (...): -log softmax(logits)[class], from differences to the largest logit,
/// so that a shift of the logits changes nothing. With a single +Inf 0 for its class and +Inf for the others;
/// +Inf for the class of a -Inf; NaN for several +Inf, or nothing but -Inf.
Var negative_log_likelihood(Var logits, Var classes);
/// Targets t in [0, 1] of the same shape -> that shape: -t log σ(z) - (1 - t) log(1 - σ(z)), the coin of
/// probability σ(z) that shows t. 0 where z is infinite and t is what it says.
Var binary_negative_log_likelihood(Var logits, Var target);

// Losses: means over all elements (or rows of logits), scalars
Var mse(Var prediction, Var target);
Var cross_entropy(Var logits, Var classes);        ///< of negative_log_likelihood
Var binary_cross_entropy(Var logits, Var target);  ///< of binary_negative_log_likelihood

}  // namespace unroll
