#pragma once

#include <math.h>  // as in unary.hpp

#include "framework/tensor/kernels/function.hpp"

// The elementwise functions of two operands. NaN goes through each of them except the comparisons, which
// follow IEEE 754: unequal to everything, itself included.

namespace unroll {
namespace {

template <>
struct Function<Binary::add> : Smooth {
  static constexpr std::string_view name = "add";
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V a, V b) const {
    return a + b;
  }
  static constexpr auto vjp_a = [](const auto& p) { return p.g(); };
  static constexpr auto vjp_b = [](const auto& p) { return p.g(); };
};

template <>
struct Function<Binary::sub> : Smooth {
  static constexpr std::string_view name = "sub";
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V a, V b) const {
    return a - b;
  }
  static constexpr auto vjp_a = [](const auto& p) { return p.g(); };
  static constexpr auto vjp_b = [](const auto& p) { return -p.g(); };
};

template <>
struct Function<Binary::mul> : Smooth {
  static constexpr std::string_view name = "mul";
  static constexpr Keep keep = Keep::inputs;
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V a, V b) const {
    return a * b;
  }
  static constexpr auto vjp_a = [](const auto& p) { return p.g() * p.in(1); };
  static constexpr auto vjp_b = [](const auto& p) { return p.g() * p.in(0); };
};

template <>
struct Function<Binary::div> : Smooth {
  static constexpr std::string_view name = "div";
  static constexpr Keep keep = Keep::both;
  static constexpr Domain domain = Domain::nonzero;
  template <Vector V>
  V operator()(V a, V b) const {
    return a / b;
  }
  static constexpr auto vjp_a = [](const auto& p) { return p.g() / p.in(1); };
  static constexpr auto vjp_b = [](const auto& p) { return -(p.g() * p.out() / p.in(1)); };
};

/// At a = 0 the exponent's gradient is a limit, 0 for b > 0; log is kept away from 0 there. At b = 0 the
/// base's gradient is 0, also where a is 0 and a^(b-1) is not finite.
template <>
struct Function<Binary::pow> : Smooth {
  static constexpr std::string_view name = "pow";
  static constexpr Keep keep = Keep::both;
  static constexpr Domain domain = Domain::positive;
  float operator()(float a, float b) const { return powf(a, b); }
  double operator()(double a, double b) const { return ::pow(a, b); }
  static constexpr auto vjp_a = [](const auto& p) {
    const auto b = p.in(1), zero = p.tape().fill(0, {});
    const auto safe = where(equal(b, zero), p.tape().fill(1, {}), p.in(0));
    return p.g() * (b * pow(safe, b - 1.0));
  };
  static constexpr auto vjp_b = [](const auto& p) {
    const auto zero = p.tape().fill(0, {});
    const auto safe = where(equal(p.in(0), zero), p.tape().fill(1, {}), p.in(0));
    return p.g() * (p.out() * log(safe));
  };
};

/// The gradient goes to where a wins, to both by halves at a tie.
template <>
struct Function<Binary::maximum> : Smooth {
  static constexpr std::string_view name = "maximum";
  static constexpr Keep keep = Keep::inputs;
  static constexpr Domain domain = Domain::separated;
  static constexpr bool cheap = true;
  template <Vector V>
  V operator()(V a, V b) const {
    return select((a > b) | isnan(a), a, b);
  }
  static constexpr auto share = [](auto a, auto b) { return 0.5 * (greater(a, b) + greater_equal(a, b)); };
  static constexpr auto vjp_a = [](const auto& p) { return p.g() * share(p.in(0), p.in(1)); };
  static constexpr auto vjp_b = [](const auto& p) { return p.g() * share(p.in(1), p.in(0)); };
};

struct Comparison : Flat {
  static constexpr Domain domain = Domain::separated;
  static constexpr bool cheap = true;
};

/// 1 where true, else 0.
template <class V, class Mask>
V indicator(Mask condition) {
  return select(condition, V(Element<V>{1}), V(Element<V>{0}));
}

template <>
struct Function<Binary::less> : Comparison {
  static constexpr std::string_view name = "less";
  template <Vector V>
  V operator()(V a, V b) const {
    return indicator<V>(a < b);
  }
};

template <>
struct Function<Binary::less_equal> : Comparison {
  static constexpr std::string_view name = "less_equal";
  template <Vector V>
  V operator()(V a, V b) const {
    return indicator<V>(a <= b);
  }
};

template <>
struct Function<Binary::greater> : Comparison {
  static constexpr std::string_view name = "greater";
  template <Vector V>
  V operator()(V a, V b) const {
    return indicator<V>(a > b);
  }
};

template <>
struct Function<Binary::greater_equal> : Comparison {
  static constexpr std::string_view name = "greater_equal";
  template <Vector V>
  V operator()(V a, V b) const {
    return indicator<V>(a >= b);
  }
};

template <>
struct Function<Binary::equal> : Comparison {
  static constexpr std::string_view name = "equal";
  template <Vector V>
  V operator()(V a, V b) const {
    return indicator<V>(a == b);
  }
};

/// Not by !=, which in xsimd 8.1 is false for NaN on AVX.
template <>
struct Function<Binary::not_equal> : Comparison {
  static constexpr std::string_view name = "not_equal";
  template <Vector V>
  V operator()(V a, V b) const {
    return select(a == b, V(Element<V>{0}), V(Element<V>{1}));
  }
};

}  // namespace
}  // namespace unroll
