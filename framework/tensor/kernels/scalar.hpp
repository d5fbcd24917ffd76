#pragma once

#include <math.h>  // the C functions: those of <cmath> are inline, and would be shared between object files

// The functions left to the C library, one element at a time: accurate, and not where training spends its
// time.

namespace unroll {
namespace {

inline float c_exp(float x) { return expf(x); }
inline double c_exp(double x) { return ::exp(x); }
inline float c_log(float x) { return logf(x); }
inline double c_log(double x) { return ::log(x); }
inline float c_log1p(float x) { return log1pf(x); }
inline double c_log1p(double x) { return ::log1p(x); }
inline float c_sin(float x) { return sinf(x); }
inline double c_sin(double x) { return ::sin(x); }
inline float c_cos(float x) { return cosf(x); }
inline double c_cos(double x) { return ::cos(x); }
inline double c_tanh(double x) { return ::tanh(x); }
inline float c_pow(float a, float b) { return powf(a, b); }
inline double c_pow(double a, double b) { return ::pow(a, b); }

/// 1 / (1 + e^-x), and e^x / (1 + e^x) for negative x, where the former would overflow.
inline double c_sigmoid(double x) {
  const double e = c_exp(x < 0 ? x : -x);
  return (x < 0 ? e : 1.0) / (1.0 + e);
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|): no overflow, and accurate where the result is small.
template <class T>
T c_softplus(T x) {
  return (x < 0 ? T{0} : x) + c_log1p(c_exp(x < 0 ? x : -x));
}

}  // namespace
}  // namespace unroll
