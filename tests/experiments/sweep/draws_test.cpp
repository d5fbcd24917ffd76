#include "experiments/sweep/draws.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "experiments/sweep/distribution.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

using Points = std::vector<std::vector<double>>;

Points points(Sampler::Kind kind, std::size_t count, std::uint64_t seed = 1,
              const std::vector<std::string>& keys = {"a", "b"}) {
  Draws draws({.kind = kind, .points = count, .seed = seed}, keys);
  Points all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(draws.at(i));
  return all;
}

/// The L2 star discrepancy by Warnock's formula.
double discrepancy(const Points& points) {
  const auto n = static_cast<double>(points.size());
  const std::size_t dimensions = points.front().size();
  double single = 0, pairs = 0;
  for (const auto& x : points) {
    double product = 1;
    for (const double share : x) product *= 1 - share * share;
    single += product;
    for (const auto& y : points) {
      double both = 1;
      for (std::size_t k = 0; k < dimensions; ++k) both *= 1 - std::max(x[k], y[k]);
      pairs += both;
    }
  }
  const auto d = static_cast<double>(dimensions);
  return std::sqrt(std::pow(3, -d) - std::pow(2, 1 - d) * single / n + pairs / (n * n));
}

Distribution drawn(const std::string& key, const std::string& text) {
  const TomlDocument document = parse_document("x = " + text, "f.toml");
  return read_distribution(document, *laboratory().options().find(key), document.root[0].node, "f.toml:1:1");
}

std::string draw_error(const std::string& key, const std::string& text) {
  return error_of<ConfigError>([&] { drawn(key, text); });
}

std::string value_at(const std::string& key, const std::string& text, double share) {
  return to_text(drawn(key, text).at(share, laboratory().options().find(key)->default_value));
}

}  // namespace

TEST_CASE("[draws] the same on every machine, in whatever order they are asked for") {
  const Points random = points(Sampler::Kind::random, 8), sobol = points(Sampler::Kind::sobol, 8);
  Draws backwards({.kind = Sampler::Kind::sobol, .points = 8}, {"a", "b"});
  for (std::size_t i = 8; i-- > 0;) CHECK(backwards.at(i) == sobol[i]);
  CHECK(random == points(Sampler::Kind::random, 8));
  CHECK(random[3][0] == 0x1.821cb43f6acb1p-1);
  CHECK(random[7][1] == 0x1.2371a171e8edep-1);
  CHECK(sobol[3][0] == 0x1.bd2952c44fe77p-1);
  CHECK(sobol[7][1] == 0x1.bf83620d90892p-1);
}

TEST_CASE("[draws] another seed draws other points, and another axis changes none of the random ones") {
  CHECK(points(Sampler::Kind::random, 4, 1) != points(Sampler::Kind::random, 4, 2));
  CHECK(points(Sampler::Kind::sobol, 4, 1) != points(Sampler::Kind::sobol, 4, 2));
  const Points two = points(Sampler::Kind::random, 16),
               three = points(Sampler::Kind::random, 16, 1, {"c", "a", "b"});
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(three[i][1] == two[i][0]);
    CHECK(three[i][2] == two[i][1]);
  }
}

TEST_CASE("[draws] Sobol's points are spread more evenly than random ones") {
  for (const std::size_t count : {16, 50, 128, 300}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(count);
      CAPTURE(seed);
      CHECK(discrepancy(points(Sampler::Kind::sobol, count, seed)) <
            discrepancy(points(Sampler::Kind::random, count, seed)));
    }
  }
}

TEST_CASE("[draws] of 2^n of Sobol's points each of 2^n equal parts has one, whatever the seed") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::set<int> first, second;
    for (const auto& x : points(Sampler::Kind::sobol, 256, seed)) {
      first.insert(static_cast<int>(x[0] * 256));
      second.insert(static_cast<int>(x[1] * 256));
    }
    CHECK(first.size() == 256);
    CHECK(second.size() == 256);
  }
}

TEST_CASE("[draws] distributions map shares to values") {
  CHECK(value_at("train.momentum", "{ uniform = [0.2, 0.6] }", 0) == "0.2");
  CHECK(value_at("train.momentum", "{ uniform = [0.2, 0.6] }", 0.5) == "0.4");
  CHECK(value_at("train.learning_rate", "{ log_uniform = [1e-4, 1e-2] }", 0) == "0.0001");
  CHECK(value_at("train.learning_rate", "{ log_uniform = [1e-4, 1e-2] }", 0.5) == "0.001");
  CHECK(value_at("train.learning_rate", "{ log_uniform = [1e-4, 1e-2] }", 0.75) == "0.00316228");
  CHECK(value_at("model.hidden", "{ integer = [3, 5] }", 0.34) == "4");
  CHECK(value_at("model.hidden", "{ integer = [3, 5] }", 0.999999) == "5");
  CHECK(value_at("model.hidden", "{ log_uniform = [1, 1000] }", 0.999999) == "1000");
  CHECK(value_at("model.hidden", "{ log_uniform = [1, 1000] }", 0) == "1");
  CHECK(value_at("task.length", "{ integer = [10, 19] }", 0.55) == "15");
  CHECK(value_at("model.activation", "{ choice = [\"tanh\", \"relu\"] }", 0.5) == "relu");
  // Near 1 more digits tell values apart.
  CHECK(value_at("train.momentum", "{ uniform = [0.9999, 0.99991] }", 0.123456) == "0.99990123456");
}

TEST_CASE("[draws] a log-uniform axis draws each decade as often, and stays within its ends") {
  int below = 0;
  for (const auto& x : points(Sampler::Kind::random, 2000)) {
    const double rate = std::stod(value_at("train.learning_rate", "{ log_uniform = [1e-5, 1e-1] }", x[0]));
    CHECK(rate >= 1e-5);
    CHECK(rate <= 1e-1);
    CHECK(rate == doctest::Approx(1e-5 * std::pow(1e4, x[0])).epsilon(1e-5));
    below += rate < 1e-3;
  }
  CHECK(below > 930);
  CHECK(below < 1070);
}

TEST_CASE("[draws] what is no distribution is refused") {
  CHECK(contains(
      draw_error("train.momentum", "{ unifrom = [0, 1] }"),
      "f.toml:1:7: axis train.momentum: unknown distribution \"unifrom\"; did you mean \"uniform\"?"));
  CHECK(
      contains(draw_error("train.momentum", "{}"), "expected one of uniform, log_uniform, integer, choice"));
  CHECK(contains(draw_error("train.momentum", "{ uniform = [0, 0.1], choice = [1] }"), "found 2 keys"));
  CHECK(contains(draw_error("train.learning_rate", "{ log_uniform = [0, 1] }"), "train.learning_rate"));
  CHECK(contains(draw_error("train.weight_decay", "{ log_uniform = [0, 1] }"),
                 "log_uniform: expected numbers above 0, found 0"));
  CHECK(contains(draw_error("train.momentum", "{ uniform = [0.5, 0.5] }"), "expected LOW below HIGH"));
  CHECK(contains(draw_error("train.momentum", "{ uniform = [0.5] }"),
                 "expected [LOW, HIGH], found a list of 1"));
  CHECK(
      contains(draw_error("train.momentum", "{ uniform = 3 }"), "expected [LOW, HIGH], found the integer 3"));
  CHECK(contains(draw_error("train.momentum", "{ uniform = [0, 7] }"), "train.momentum: expected"));
  CHECK(contains(draw_error("model.hidden", "{ uniform = [1, 7] }"), "write integer"));
  CHECK(contains(draw_error("train.momentum", "{ integer = [0, 1] }"), "write uniform or log_uniform"));
  CHECK(contains(draw_error("model.activation", "{ uniform = [0, 1] }"), "write { choice = [...] }"));
  CHECK(contains(draw_error("model.activation", "{ choice = [] }"), "expected at least one value"));
  CHECK(contains(draw_error("model.activation", "{ choice = [\"tanh\", \"tanh\"] }"), "tanh is there twice"));
  CHECK(contains(draw_error("model.activation", "{ choice = [\"tanhh\"] }"), "did you mean \"tanh\"?"));
  CHECK(contains(draw_error("seed", "{ choice = [1, 2] }"), "every drawn point is run with every seed"));
}
