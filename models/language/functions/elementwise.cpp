#include <fmt/format.h>

#include "framework/autodiff/ops.hpp"
#include "models/language/broadcast.hpp"
#include "models/language/functions/function.hpp"

namespace unroll {
namespace {

Type common_type(const FunctionArgs& args, const std::string& name) {
  Type type = args.types[0];
  type.only_product = false;
  for (const Type& other : args.types.subspan(1)) type = elementwise_type(type, other, name, args.sizes);
  return type;
}

/// A function of `count` operands that broadcast.
template <class Record>
Function row(std::string name, std::size_t count, std::string summary, std::string example, Record record) {
  constexpr std::string_view operands[] = {"", "a", "a, b", "a, b, c"};
  return {.name = name,
          .least = count,
          .most = count,
          .signature = fmt::format("{}({})", name, operands[count]),
          .summary = std::move(summary),
          .example = std::move(example),
          .type = [name](const FunctionArgs& args) { return common_type(args, name); },
          .record =
              [record](const FunctionCall& call) {
                const std::vector<Var> v = equally_ranked(call.values, call.types);
                return record(v);
              },
          .elementwise = true};
}

using Vars = const std::vector<Var>&;

Function unary(std::string name, std::string summary, std::string example, Var (*f)(Var)) {
  return row(std::move(name), 1, std::move(summary), std::move(example), [f](Vars v) { return f(v[0]); });
}

Function binary(std::string name, std::string summary, std::string example, Var (*f)(Var, Var)) {
  return row(std::move(name), 2, std::move(summary), std::move(example),
             [f](Vars v) { return f(v[0], v[1]); });
}

Function with_pole(Function f, std::string pole) {
  f.pole = std::move(pole);
  return f;
}

Function where_function() {
  Function f =
      row("where", 3, "b where a is not 0, else c; nothing of the branch not taken reaches value or gradient",
          "r = where(h > 0, sqrt(h), 0)", [](Vars v) { return where(v[0], v[1], v[2]); });
  f.chooses = true;
  return f;
}

Var logsigmoid(Var x) { return -softplus(-x); }
Var silu(Var x) { return x * sigmoid(x); }
Var gelu(Var x) { return x * (0.5 + 0.5 * erf(x * 0.7071067811865476)); }
/// e^x is kept from overflow where it is not chosen.
Var elu(Var x) {
  const Var zero = x.tape().fill(0, {});
  return where(greater(x, zero), x, exp(minimum(x, zero)) - 1.0);
}
Var leaky_relu(Var x, Var slope) { return relu(x) - slope * relu(-x); }
Var clip(Var x, Var low, Var high) { return minimum(maximum(x, low), high); }
Var modulo(Var a, Var b) { return a - b * floor(a / b); }
Function stop_gradient_function() {
  Function f =
      unary("stop_gradient", "a, as a constant for the gradient", "s = stop_gradient(h)", stop_gradient);
  f.record = [](const FunctionCall& call) { return call.stopped(call.values[0]); };
  f.declares = true;
  return f;
}

/// The value is exactly the first one's: what is added to it is 0.
Var surrogate(const FunctionCall& call) {
  const std::vector<Var> v = equally_ranked(call.values, call.types);
  if (v.size() == 2) return call.stopped(v[0]) + (v[1] - call.stopped(v[1]));
  if (call.gradient.declared) call.gradient.declared(call.at, v[1], v[2], v[3]);
  return call.stopped(v[0]) + call.stopped(v[3]) * (v[2] - call.stopped(v[2]));
}

Function surrogate_function() {
  return {
      .name = "surrogate",
      .least = 2,
      .most = 4,
      .signature = "surrogate(a, b), surrogate(a, b, v, d)",
      .summary = "the value of a with the gradient of b; or with d, declared to be the derivative of b by v",
      .example = "s = surrogate(v > 1, sigmoid(v - 1))",
      .type =
          [](const FunctionArgs& args) {
            if (args.types.size() == 3)
              throw TypeError(
                  "surrogate takes a value and what has its gradient, or in addition the variable "
                  "and the derivative");
            return common_type(args, "surrogate");
          },
      .record = surrogate,
      .elementwise = true,
      .declares = true};
}

}  // namespace

std::vector<Function> elementwise_functions() {
  return {
      with_pole(unary("exp", "e^a", "g = exp(-abs(a))", exp), "an exponential beyond what numbers reach"),
      with_pole(unary("log", "the natural logarithm", "l = log(1 + square(h))", log),
                "the logarithm of what is not above 0"),
      with_pole(unary("sqrt", "the square root", "r = sqrt(1 + square(a))", sqrt),
                "the square root of a negative number, or the derivative of that of 0"),
      unary("square", "a^2", "s = square(h)", square),
      unary("abs", "|a|", "m = abs(h)", abs),
      unary("sign", "-1, 0 or 1; derivative 0", "s = sign(h)", sign),
      unary("sin", "of an angle in radians", "s = sin(theta)", sin),
      unary("cos", "of an angle in radians", "c = cos(theta)", cos),
      unary("tanh", "(e^a - e^-a) / (e^a + e^-a)", "h' = tanh(W x + U h)", tanh),
      unary("sigmoid", "1 / (1 + e^-a); also written σ", "h' = sigmoid(W x) * h", sigmoid),
      unary("relu", "max(a, 0); derivative 0 at 0", "r = relu(a)", relu),
      row("leaky_relu", 2, "a above 0, b a below", "r = leaky_relu(a, 0.01)",
          [](Vars v) { return leaky_relu(v[0], v[1]); }),
      unary("softplus", "log(1 + e^a)", "p = softplus(a)", softplus),
      unary("logsigmoid", "log(sigmoid(a))", "l = logsigmoid(a)", logsigmoid),
      unary("silu", "a sigmoid(a)", "s = silu(a)", silu),
      unary("gelu", "a times the standard normal distribution function of a", "g = gelu(a)", gelu),
      unary("elu", "a above 0, e^a - 1 below", "e = elu(a)", elu),
      unary("erf", "the error function", "e = erf(a)", erf),
      unary("floor", "the largest whole number up to a; derivative 0", "k = floor(a)", floor),
      unary("round", "the nearest whole number, halves to the even one; derivative 0", "k = round(a)", round),
      with_pole(binary("mod", "the remainder a - b floor(a / b)", "r = mod(a, 4)", modulo),
                "a remainder of a division by 0"),
      row("clip", 3, "a, moved into [b, c]", "c = clip(a, -1, 1)",
          [](Vars v) { return clip(v[0], v[1], v[2]); }),
      where_function(),
      stop_gradient_function(),
      surrogate_function(),
  };
}

}  // namespace unroll
