#include <doctest/doctest.h>

#include <cmath>

#include "tests/models/language/stepped.hpp"

using namespace unroll;
using namespace unroll::test;

TEST_CASE("[language] products bind tighter than * and go to the right; powers bind tightest") {
  const Stepped s("state h\nh' = U V h * h ^ 2 - h / 2 * 3\nparam V: (hidden, hidden)\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    double uvh = 0;
    for (std::int64_t j = 0; j < 3; ++j) uvh += s.given.at("U")[i * 3 + j] * s.product("V", "h", r, j);
    const double h = s.at("h", r, i);
    return uvh * h * h - h / 2 * 3;
  });
}

TEST_CASE("[language] a minus before a product negates it, and a power before a minus") {
  const Stepped s("state h\nh' = -U h - -h + -h^2\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    const double h = s.at("h", r, i);
    return -s.product("U", "h", r, i) + h - h * h;
  });
}

TEST_CASE("[language] a name before a parenthesis is a call only when it is a function") {
  const Stepped s("state h\nh' = U (h * h) + tanh (h) + act(h)\n", {}, "sigmoid");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    double product = 0;
    for (std::int64_t j = 0; j < 3; ++j) product += s.given.at("U")[i * 3 + j] * std::pow(s.at("h", r, j), 2);
    const double h = s.at("h", r, i);
    return product + std::tanh(h) + 1 / (1 + std::exp(-h));
  });
}

TEST_CASE("[language] a primed state is its updated value, and named values are given back") {
  const Stepped s("state h, c\nf = sigmoid(W x)\nc' = f * c\nh' = c' + c\n");
  CHECK(s.result.count("f") == 1);
  s.check("c'", [&](std::int64_t r, std::int64_t i) { return s.at("f", r, i) * s.at("c", r, i); });
  s.check("h'", [&](std::int64_t r, std::int64_t i) { return s.at("c'", r, i) + s.at("c", r, i); });
}

TEST_CASE("[language] numbers of a batch go with vectors and matrices") {
  const Stepped s(
      "state h\nstate A: (hidden, hidden)\n"
      "n = norm(h)\nA' = A / norm(h) + outer(h, h)\nh' = A h + mean(h) + sum(h) * dot(h, h) + softmax(h)\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    double sum = 0, dot = 0, exps = 0, product = 0;
    for (std::int64_t j = 0; j < 3; ++j) {
      const double h = s.at("h", r, j);
      sum += h;
      dot += h * h;
      exps += std::exp(h);
      product += s.given.at("A")[(r * 3 + i) * 3 + j] * h;
    }
    return product + sum / 3 + sum * dot + std::exp(s.at("h", r, i)) / exps;
  });
  const Tensor<double>& next = s.result.at("A'");
  for (std::int64_t r = 0; r < Stepped::rows; ++r) {
    double squares = 0;
    for (std::int64_t j = 0; j < 3; ++j) squares += std::pow(s.at("h", r, j), 2);
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < 3; ++j)
        CHECK(next[(r * 3 + i) * 3 + j] ==
              doctest::Approx(s.given.at("A")[(r * 3 + i) * 3 + j] / std::sqrt(squares) +
                              s.at("h", r, i) * s.at("h", r, j)));
  }
}

TEST_CASE("[language] sizes are inferred from the states and the input, whatever their order") {
  const EquationCell cell(
      defined("const k = 5\nstate h\nstate c: 2 * hidden + k\n"
              "z = V concat(h, x)\nc' = P z + Q c + b\nh' = tanh(R c')\nparam V: (k, hidden + input)\n"),
      {2, 3});
  std::map<std::string, Shape> shapes;
  for (const ParameterSpec& spec : cell.parameters()) shapes[spec.name] = spec.shape;
  CHECK(shapes == std::map<std::string, Shape>{
                      {"V", {5, 5}}, {"P", {11, 5}}, {"Q", {11, 11}}, {"b", {11}}, {"R", {3, 11}}});
}

TEST_CASE("[language] what multiplies a state is a recurrent matrix when it is square") {
  const EquationCell cell(defined("state h\nstate c: 7\nc' = P h + W c\nh' = U h + W_x x + w_p * h + b\n"),
                          {2, 3});
  std::map<std::string, Role> roles;
  for (const ParameterSpec& spec : cell.parameters()) roles[spec.name] = spec.role;
  CHECK(roles["U"] == Role::recurrent_matrix);
  CHECK(roles["W"] == Role::recurrent_matrix);
  CHECK(roles["P"] == Role::input_matrix);
  CHECK(roles["W_x"] == Role::input_matrix);
  CHECK(roles["b"] == Role::bias);
}

TEST_CASE("[language] structured matrices: diagonal, skew, orthogonal, low rank") {
  const Stepped s(
      "state h\nparam D diagonal\nparam S skew\nparam Q orthogonal\nparam L low_rank(2)\n"
      "d = D h\ns = S h\nq = Q h\nl = L h\nh' = d + s + q + l\n");
  CHECK(s.given.at("D").shape() == Shape{3});
  CHECK(s.given.at("L.left").shape() == Shape{3, 2});
  CHECK(s.given.at("L.right").shape() == Shape{2, 3});
  s.check("d", [&](std::int64_t r, std::int64_t i) { return s.given.at("D")[i] * s.at("h", r, i); });
  for (std::int64_t r = 0; r < Stepped::rows; ++r) {
    double across = 0, before = 0, after = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      across += s.at("h", r, i) * s.at("s", r, i);
      before += std::pow(s.at("h", r, i), 2);
      after += std::pow(s.at("q", r, i), 2);
    }
    CHECK(across == doctest::Approx(0).epsilon(1e-12));  // h . S h = 0
    CHECK(after == doctest::Approx(before).epsilon(1e-12));
  }
  s.check("l", [&](std::int64_t r, std::int64_t i) {
    double sum = 0;
    for (std::int64_t k = 0; k < 2; ++k)
      sum += s.given.at("L.left")[i * 2 + k] * s.product("L.right", "h", r, k);
    return sum;
  });
}

TEST_CASE("[language] constants have their default, or what the options say") {
  const std::string body = "const dt = 1 / 4\nconst twice = 2 * dt\nstate h = twice\nh' = dt * h\n";
  CHECK(EquationCell(defined(body), {2, 3}).states()[0].start == 0.5);
  CHECK(EquationCell(defined(body), {2, 3, "tanh", {{"dt", 3}}}).states()[0].start == 6);
  CHECK(error_of(body, {2, 3, "tanh", {{"td", 3}}}) ==
        "the cell test has no constant td; did you mean \"dt\"?; it has dt, twice");
  CHECK(error_of("state h\nh' = h\n", {2, 3, "tanh", {{"dt", 3}}}) ==
        "the cell test has no constants, so no dt");
}

TEST_CASE("[language] a constant that is a size must be a whole number above 0") {
  const std::string body = "const k = 2\nstate h\nstate s: k\ns' = V h\nh' = U s'\n";
  CHECK(error_of(body) == "no error");
  for (const double bad : {0.0, -1.0, 2.5, 1e9})
    CHECK(error_of(body, {2, 3, "tanh", {{"k", bad}}}).find("sizes are whole numbers") != std::string::npos);
}

TEST_CASE("[language] declared starts, bounds and what is not trained are in the specs") {
  const EquationCell cell(
      defined("const T = 10\nstate h = learned\nparam w_u init range(0, 2^(1/T)) in [-2^(1/T), 2^(1/T)]\n"
              "param U init identity(0.5) rate 0.1 fixed\nh' = relu(W x + U h + w_u * h + b)\n"),
      {2, 3});
  CHECK(cell.states()[0].learned);
  for (const ParameterSpec& spec : cell.parameters()) {
    CHECK(spec.trained == (spec.name != "U"));
    if (spec.name == "U") CHECK((spec.init->name == "identity" && spec.init->scale == 0.5));
    CHECK(spec.rate == (spec.name == "U" ? 0.1 : 1));
    if (spec.name != "w_u") continue;
    CHECK(spec.bounds.upper == std::pow(2, 0.1));
    CHECK(spec.bounds.lower == -std::pow(2, 0.1));
    CHECK(spec.init->high == std::pow(2, 0.1));
  }
}

TEST_CASE(
    "[language] letters of any script, in either normal form; comments and line breaks in parentheses") {
  // The accent of the first h is a character of its own, that of the second is part of it.
  const auto cell = defined(
      "state h  # what is remembered\nh\xcc\x83 = tanh(W x   # in\n   + U h)  # and back\nh' = "
      "\xcf\x83(h\xcc\x83) \xe2\x8a\x99 h \xe2\x88\x92 h\n");
  CHECK(cell->equations.size() == 2);
  const auto same = defined("state h\nh\xcc\x83 = tanh(W x + U h)\nh' = sigmoid(h\xcc\x83) * h - h");
  CHECK(cell->canonical == same->canonical);
  const auto other = defined("state h\nh\xcc\x83 = tanh(W x + U h)\nh' = sigmoid(h\xcc\x83) * (h - h)");
  CHECK(cell->canonical != other->canonical);
}

TEST_CASE("[language] values that are the same for the whole batch may be a state's next value") {
  const Stepped s("state h\nstate c\nh' = b\nc' = 2\n");
  s.check("h'", [&](std::int64_t, std::int64_t i) { return s.given.at("b")[i]; });
  s.check("c'", [&](std::int64_t, std::int64_t) { return 2.0; });
}

TEST_CASE("[language] a state after the step is a vector of the batch, also where its equation is a number") {
  const Stepped s("state h\nstate c\nc' = sum(x)\nh' = U c' + norm(c') * h\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    const double sum = s.at("x", r, 0) + s.at("x", r, 1);
    double row = 0;
    for (std::int64_t j = 0; j < 3; ++j) row += s.given.at("U")[i * 3 + j];
    return row * sum + std::sqrt(3.0) * std::abs(sum) * s.at("h", r, i);
  });
}

TEST_CASE(
    "[language] matrices of parameters apply to vectors of parameters; values may be of parameters alone") {
  const Stepped s("state h\nA = U - transpose(U)\nk = exp(-0.5)\nh' = A (h + b) + k * A b + W x\n");
  s.check("h'", [&](std::int64_t r, std::int64_t i) {
    double sum = s.product("W", "x", r, i);
    for (std::int64_t j = 0; j < 3; ++j) {
      const double a = s.given.at("U")[i * 3 + j] - s.given.at("U")[j * 3 + i];
      sum += a * (s.at("h", r, j) + s.given.at("b")[j]) + std::exp(-0.5) * a * s.given.at("b")[j];
    }
    return sum;
  });
  for (const ParameterSpec& spec : s.specs)
    if (spec.name == "U") CHECK(spec.role == Role::recurrent_matrix);  // through A
}
