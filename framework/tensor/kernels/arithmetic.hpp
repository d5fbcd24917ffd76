#pragma once

#include "framework/tensor/kernels/simd.hpp"

// The functions that are a few instructions for a register, in float and double alike. NaN goes through each
// of them except the comparisons, which follow IEEE 754: unequal to everything, itself included.

namespace unroll {
namespace {

/// 1 where true, else 0.
template <class T>
Batch<T> indicator(xsimd::batch_bool<T, Arch> condition) {
  return xsimd::select(condition, Batch<T>(T{1}), Batch<T>(T{0}));
}

// ---- of one operand ---------------------------------------------------------------------------------------

template <class T>
struct Neg {
  Batch<T> operator()(Batch<T> x) const { return x ^ Batch<T>(T(-0.0)); }
};

template <class T>
struct Sqrt {
  Batch<T> operator()(Batch<T> x) const { return xsimd::sqrt(x); }
};

template <class T>
struct Square {
  Batch<T> operator()(Batch<T> x) const { return x * x; }
};

template <class T>
struct Abs {
  Batch<T> operator()(Batch<T> x) const { return magnitude(x); }
};

template <class T>
struct Sign {
  Batch<T> operator()(Batch<T> x) const {
    const Batch<T> zero(T{0});
    return xsimd::select(x > zero, Batch<T>(T{1}), xsimd::select(x < zero, Batch<T>(T{-1}), x));
  }
};

template <class T>
struct Relu {
  Batch<T> operator()(Batch<T> x) const {
    const Batch<T> zero(T{0});
    return xsimd::select(x <= zero, zero, x);
  }
};

// ---- of two operands --------------------------------------------------------------------------------------

template <class T>
struct Add {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return a + b; }
};

template <class T>
struct Sub {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return a - b; }
};

template <class T>
struct Mul {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return a * b; }
};

template <class T>
struct Div {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return a / b; }
};

template <class T>
struct Maximum {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return xsimd::select((a > b) | xsimd::isnan(a), a, b); }
};

template <class T>
struct Less {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return indicator<T>(a < b); }
};

template <class T>
struct LessEqual {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return indicator<T>(a <= b); }
};

template <class T>
struct Greater {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return indicator<T>(a > b); }
};

template <class T>
struct GreaterEqual {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return indicator<T>(a >= b); }
};

template <class T>
struct Equal {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const { return indicator<T>(a == b); }
};

/// Not by !=, which in xsimd 8.1 is false for NaN on AVX.
template <class T>
struct NotEqual {
  Batch<T> operator()(Batch<T> a, Batch<T> b) const {
    return xsimd::select(a == b, Batch<T>(T{0}), Batch<T>(T{1}));
  }
};

}  // namespace
}  // namespace unroll
