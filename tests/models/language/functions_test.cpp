#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "tests/models/language/stepped.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

/// A function of the elements of h, and what it is.
struct Elementwise {
  std::string call;
  std::function<double(double)> value;
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

const std::map<std::string, Elementwise> elementwise = {
    {"exp", {"exp(h)", [](double x) { return std::exp(x); }}},
    {"log", {"log(1 + square(h))", [](double x) { return std::log1p(x * x); }}},
    {"sqrt", {"sqrt(1 + square(h))", [](double x) { return std::hypot(1, x); }}},
    {"square", {"square(h)", [](double x) { return x * x; }}},
    {"abs", {"abs(h)", [](double x) { return std::fabs(x); }}},
    {"sign", {"sign(h)", [](double x) { return x > 0   ? 1.0
                                               : x < 0 ? -1.0
                                                       : 0.0; }}},
    {"sin", {"sin(h)", [](double x) { return std::sin(x); }}},
    {"cos", {"cos(h)", [](double x) { return std::cos(x); }}},
    {"tanh", {"tanh(h)", [](double x) { return std::tanh(x); }}},
    {"sigmoid", {"sigmoid(h)", logistic}},
    {"relu", {"relu(h)", [](double x) { return std::max(x, 0.0); }}},
    {"leaky_relu", {"leaky_relu(h, 0.1)", [](double x) { return x > 0 ? x : 0.1 * x; }}},
    {"softplus", {"softplus(h)", [](double x) { return std::log1p(std::exp(x)); }}},
    {"logsigmoid", {"logsigmoid(h)", [](double x) { return std::log(logistic(x)); }}},
    {"silu", {"silu(h)", [](double x) { return x * logistic(x); }}},
    {"gelu", {"gelu(h)", [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2)); }}},
    {"elu", {"elu(h)", [](double x) { return x > 0 ? x : std::expm1(x); }}},
    {"erf", {"erf(h)", [](double x) { return std::erf(x); }}},
    {"floor", {"floor(3 * h)", [](double x) { return std::floor(3 * x); }}},
    {"round", {"round(3 * h)", [](double x) { return std::nearbyint(3 * x); }}},
    {"mod", {"mod(h, 0.3)", [](double x) { return x - 0.3 * std::floor(x / 0.3); }}},
    {"clip", {"clip(h, -0.2, 0.5)", [](double x) { return std::clamp(x, -0.2, 0.5); }}},
    {"where", {"where(h > 0.1, h, 7)", [](double x) { return x > 0.1 ? x : 7; }}},
    {"stop_gradient", {"stop_gradient(h)", [](double x) { return x; }}},
    {"surrogate", {"surrogate(h > 0, tanh(h))", [](double x) { return x > 0 ? 1.0 : 0.0; }}},
    {"max", {"max(h, 0.2)", [](double x) { return std::max(x, 0.2); }}},
    {"min", {"min(h, 0.2)", [](double x) { return std::min(x, 0.2); }}},
};

/// A function of vectors and matrices as what multiplies h, and the same without it.
const std::map<std::string, std::pair<std::string, std::string>> by_another = {
    {"dot", {"dot(h, U h) * h", "sum(h * (U h)) * h"}},
    {"outer", {"outer(h, U h) h", "h * sum((U h) * h)"}},
    {"transpose", {"transpose(U) h", "sum(U * column(h), axis=0)"}},
    {"identity", {"(U + 3 * identity(hidden)) h", "U h + 3 * h"}},
    {"diag", {"diag(U h) h", "(U h) * h"}},
    {"solve", {"(U + 5 * identity(hidden)) solve(U + 5 * identity(hidden), h)", "h"}},
    {"expm", {"expm(U) expm(-U) h", "h"}},
    {"cayley", {"transpose(cayley(U - transpose(U))) cayley(U - transpose(U)) h", "h"}},
    {"concat", {"concat(h[1:], h[:1])", "roll(h, -1)"}},
    {"row", {"(U * row(h)) h", "U (h * h)"}},
    {"column", {"(column(h) * U) h", "h * (U h)"}},
    {"reshape", {"reshape(reshape(h, 1, hidden), hidden)", "h"}},
    {"roll", {"roll(roll(h, 1), 2)", "h"}},
    {"reverse", {"reverse(reverse(h) + cumsum(h))", "h + reverse(cumsum(h))"}},
    {"sum", {"sum(U, axis=1)", "U (0 * h + 1)"}},
    {"mean", {"mean(h) * h", "sum(h) / hidden * h"}},
    {"norm", {"norm(h) * h", "sqrt(sum(square(h))) * h"}},
    {"logsumexp", {"logsumexp(h) * h", "log(sum(exp(h))) * h"}},
    {"softmax", {"softmax(h)", "exp(h) / sum(exp(h))"}},
    {"layer_norm", {"mean(layer_norm(h)) * h", "0 * h"}},
    {"cumsum", {"cumsum(h) - concat(0 * h[:1], (cumsum(h))[:hidden - 1])", "h"}},
};

std::string cell_of(const std::string& value) {
  return "state h\nparam U: (hidden, hidden)\nh' = " + value + " + W x + 0 * U h\n";
}

}  // namespace

TEST_CASE("[language] every elementwise function is what it is called") {
  for (const auto& [name, f] : elementwise) {
    CAPTURE(name);
    const Stepped s("state h\nh' = " + f.call + "\n");
    s.check("h'", [&](std::int64_t r, std::int64_t i) { return f.value(s.at("h", r, i)); });
  }
}

TEST_CASE("[language] every function of vectors and matrices is what others make of them") {
  for (const auto& [name, ways] : by_another) {
    CAPTURE(name);
    const Stepped one(cell_of(ways.first)), other(cell_of(ways.second));
    one.check("h'", [&](std::int64_t r, std::int64_t i) { return other.at("h'", r, i); });
  }
}

TEST_CASE("[language] all functions are tested") {
  for (const Function& f : standard_functions().all())
    CHECK_MESSAGE((elementwise.contains(f.name) || by_another.contains(f.name)), f.name);
}
