#pragma once

#include <math.h>  // the C functions: those of <cmath> are inline, and would be shared between object files

#include "framework/tensor/kernels/elementary.hpp"
#include "framework/tensor/kernels/function.hpp"
#include "framework/tensor/kernels/logarithm.hpp"
#include "framework/tensor/kernels/tanh.hpp"

// The elementwise functions of one operand. NaN goes through each of them.

namespace unroll {
namespace {

template <>
struct Function<Unary::neg> : Smooth {
  static constexpr std::string_view name = "neg";
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V x) const {
    return x ^ V(Element<V>(-0.0));
  }
  static constexpr auto vjp = [](const auto& p) { return -p.g(); };
};

template <>
struct Function<Unary::exp> : Smooth {
  static constexpr std::string_view name = "exp";
  static constexpr Keep keep = Keep::output;
  template <Vector V>
  V operator()(V x) const {
    return vector_exp(x);
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() * p.out(); };
};

template <>
struct Function<Unary::log> : Smooth {
  static constexpr std::string_view name = "log";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Domain domain = Domain::positive;
  template <VectorOf<float> V>
  V operator()(V x) const {
    return vector_log(x);
  }
  double operator()(double x) const { return ::log(x); }
  static constexpr auto vjp = [](const auto& p) { return p.g() / p.in(0); };
};

template <>
struct Function<Unary::sqrt> : Smooth {
  static constexpr std::string_view name = "sqrt";
  static constexpr Keep keep = Keep::output;
  static constexpr Domain domain = Domain::positive;
  template <Vector V>
  V operator()(V x) const {
    return sqrt(x);
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() / (2.0 * p.out()); };
};

template <>
struct Function<Unary::square> : Smooth {
  static constexpr std::string_view name = "square";
  static constexpr Keep keep = Keep::inputs;
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V x) const {
    return x * x;
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() * (2.0 * p.in(0)); };
};

template <>
struct Function<Unary::abs> : Smooth {
  static constexpr std::string_view name = "abs";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Domain domain = Domain::nonzero;
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V x) const {
    return magnitude(x);
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() * sign(p.in(0)); };
};

template <>
struct Function<Unary::sign> : Flat {
  static constexpr std::string_view name = "sign";
  static constexpr Domain domain = Domain::nonzero;
  template <Vector V>
  V operator()(V x) const {
    const V zero(Element<V>{0});
    return select(x > zero, V(Element<V>{1}), select(x < zero, V(Element<V>{-1}), x));
  }
};

template <>
struct Function<Unary::sin> : Smooth {
  static constexpr std::string_view name = "sin";
  static constexpr Keep keep = Keep::inputs;
  float operator()(float x) const { return sinf(x); }
  double operator()(double x) const { return ::sin(x); }
  static constexpr auto vjp = [](const auto& p) { return p.g() * cos(p.in(0)); };
};

template <>
struct Function<Unary::cos> : Smooth {
  static constexpr std::string_view name = "cos";
  static constexpr Keep keep = Keep::inputs;
  float operator()(float x) const { return cosf(x); }
  double operator()(double x) const { return ::cos(x); }
  static constexpr auto vjp = [](const auto& p) { return -(p.g() * sin(p.in(0))); };
};

/// tanh and sigmoid differentiate from their outputs: 1 - y² is exactly 0 from |x| = 9.1 in float (19.1 in
/// double), which is the saturation that a study of vanishing gradients sees in any framework.
template <>
struct Function<Unary::tanh> : Smooth {
  static constexpr std::string_view name = "tanh";
  static constexpr Keep keep = Keep::output;
  template <Vector V>
  V operator()(V x) const {
    return vector_tanh(x);
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() * (1.0 - square(p.out())); };
};

/// 1 / (1 + e^-x), and e^x / (1 + e^x) for negative x, where the former would overflow.
template <>
struct Function<Unary::sigmoid> : Smooth {
  static constexpr std::string_view name = "sigmoid";
  static constexpr Keep keep = Keep::output;
  template <Vector V>
  V operator()(V x) const {
    return vector_sigmoid(x);
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() * (p.out() * (1.0 - p.out())); };
};

/// Differentiates from the output, which is positive exactly where the input is: one value less to keep.
template <>
struct Function<Unary::relu> : Smooth {
  static constexpr std::string_view name = "relu";
  static constexpr Keep keep = Keep::output;
  static constexpr Domain domain = Domain::nonzero;
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V x) const {
    const V zero(Element<V>{0});
    return select(x <= zero, zero, x);
  }
  static constexpr auto vjp = [](const auto& p) { return p.g() * greater(p.out(), p.tape().fill(0, {})); };
};

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|): no overflow, and accurate where the result is small.
template <>
struct Function<Unary::softplus> : Smooth {
  static constexpr std::string_view name = "softplus";
  static constexpr Keep keep = Keep::inputs;
  template <VectorOf<float> V>
  V operator()(V x) const {
    return vector_softplus(x);
  }
  double operator()(double x) const { return (x < 0 ? 0 : x) + ::log1p(::exp(x < 0 ? x : -x)); }
  static constexpr auto vjp = [](const auto& p) { return p.g() * sigmoid(p.in(0)); };
};

/// 2 / sqrt(pi) times the integral of e^(-t²) from 0 to x.
template <>
struct Function<Unary::erf> : Smooth {
  static constexpr std::string_view name = "erf";
  static constexpr Keep keep = Keep::inputs;
  float operator()(float x) const { return erff(x); }
  double operator()(double x) const { return ::erf(x); }
  static constexpr auto vjp = [](const auto& p) {
    return p.g() * (1.1283791670955126 * exp(-square(p.in(0))));
  };
};

template <>
struct Function<Unary::floor> : Flat {
  static constexpr std::string_view name = "floor";
  float operator()(float x) const { return floorf(x); }
  double operator()(double x) const { return ::floor(x); }
};

/// To the nearest whole number, halves to the even one.
template <>
struct Function<Unary::round> : Flat {
  static constexpr std::string_view name = "round";
  float operator()(float x) const { return rintf(x); }
  double operator()(double x) const { return ::rint(x); }
};

}  // namespace
}  // namespace unroll
