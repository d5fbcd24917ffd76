#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <vector>

#include "tests/experiments/tasks/tracking_fixture.hpp"

using namespace unroll;
using namespace unroll::tracking_test;

namespace {

/// A reader of expressions in which brackets, unary minus and * bind as in arithmetic, by recursive descent.
class Reader {
 public:
  explicit Reader(Symbols symbols) : symbols_(std::move(symbols)) {}

  /// Its value modulo 5; -1 when it is no expression.
  std::int64_t value() {
    const std::int64_t v = sum();
    return wrong_ || at_ != symbols_.size() ? -1 : ((v % 5) + 5) % 5;
  }

 private:
  enum : std::int64_t { plus = 5, minus, times, open, close };

  bool next_is(std::int64_t symbol) const { return at_ < symbols_.size() && symbols_[at_] == symbol; }
  bool take(std::int64_t symbol) {
    const bool there = next_is(symbol);
    at_ += there;
    return there;
  }
  std::int64_t sum() {
    std::int64_t v = product();
    while (next_is(plus) || next_is(minus)) {
      const bool add = take(plus);
      if (!add) take(minus);
      const std::int64_t right = product();
      v = (add ? v + right : v - right) % 5;
    }
    return v;
  }
  std::int64_t product() {
    std::int64_t v = factor();
    while (take(times)) v = v * factor() % 5;
    return v;
  }
  std::int64_t factor() {
    if (take(minus)) return -factor();
    if (take(open)) {
      const std::int64_t v = sum();
      wrong_ = !take(close) || wrong_;
      return v;
    }
    if (at_ < symbols_.size() && symbols_[at_] < plus) return symbols_[at_++];
    wrong_ = true;
    return 0;
  }

  Symbols symbols_;
  std::size_t at_ = 0;
  bool wrong_ = false;
};

std::int64_t value_of(const Symbols& expression) { return Reader(expression).value(); }

}  // namespace

TEST_CASE("[state tracking] the reader of expressions knows precedence and what is no expression") {
  CHECK(value_of({1, 5, 2, 7, 3}) == 2);              // 1+2*3
  CHECK(value_of({1, 6, 1, 6, 1}) == 4);              // 1-1-1
  CHECK(value_of({0, 7, 1, 5, 4, 7, 3, 6, 2}) == 0);  // 0*1+4*3-2
  CHECK(value_of({8, 6, 2, 9}) == 3);                 // (-2)
  CHECK(value_of({8, 3, 7, 8, 2, 6, 4, 9, 9}) == 4);  // (3*(2-4))
  CHECK(value_of({1, 5}) == -1);
  CHECK(value_of({8, 1, 5, 2}) == -1);
  CHECK(value_of({1, 2}) == -1);
}

TEST_CASE("[state tracking] modular arithmetic: the value of the expression, with and without brackets") {
  check_answers("modular_arithmetic", "no brackets", value_of);
  check_answers("modular_arithmetic", "brackets", value_of);
}

TEST_CASE("[state tracking] without brackets lengths are odd and an answer stands after every digit") {
  for (const std::int64_t length : {1, 2, 3, 4, 39, 40, 501}) {
    const auto task = tracking("modular_arithmetic", "no brackets", length);
    const Batch batch = training_batch(*task, 5);
    const std::int64_t steps = length - (length % 2 == 0);
    CHECK(batch.steps() == steps);
    CHECK(task->training(1)->max_steps(5) == steps);
    REQUIRE(batch.weights);
    for (std::int64_t b = 0; b < 5; ++b) {
      const Symbols read = symbols_of(batch, b);
      for (std::int64_t t = 0; t < steps; ++t) {
        CHECK(batch.weight(t, b) == (t % 2 == 0 ? 1 : 0));
        CHECK((read[static_cast<std::size_t>(t)] < 5) == (t % 2 == 0));
      }
    }
  }
}

TEST_CASE(
    "[state tracking] expressions with brackets have exactly the length asked for and are whole only at its "
    "end") {
  for (std::int64_t length = 1; length <= 60; ++length) {
    const auto task = tracking("modular_arithmetic", "brackets", length);
    CHECK_FALSE(task->spec().every_step());
    const Batch batch = training_batch(*task, 20);
    CHECK(batch.steps() == length);
    for (std::int64_t b = 0; b < batch.rows(); ++b) {
      const Symbols read = symbols_of(batch, b);
      CHECK(value_of(read) >= 0);
      for (std::size_t prefix = 1; prefix < read.size(); ++prefix)
        CHECK(value_of(Symbols(read.begin(), read.begin() + static_cast<std::int64_t>(prefix))) == -1);
    }
  }
}

TEST_CASE(
    "[state tracking] digits and operators are uniform, and so are the lengths of a bracket's left side") {
  std::map<std::int64_t, double> digits, operators, left_sides;
  const Batch flat = training_batch(*tracking("modular_arithmetic", "no brackets", 7), 4000);
  for (std::int64_t b = 0; b < flat.rows(); ++b)
    for (const std::int64_t symbol : symbols_of(flat, b)) ++(symbol < 5 ? digits : operators)[symbol];
  CHECK(digits.size() == 5);
  CHECK(operators.size() == 3);
  for (const auto& [symbol, count] : digits) CHECK(near(count, 16000, 1.0 / 5));
  for (const auto& [symbol, count] : operators) CHECK(near(count, 12000, 1.0 / 3));

  // Ten symbols: sides of 1 and 6 to 6 and 1. The operator is the one at the depth of the outer brackets.
  const Batch nested = training_batch(*tracking("modular_arithmetic", "brackets", 10), 6000);
  for (std::int64_t b = 0; b < nested.rows(); ++b) {
    const Symbols read = symbols_of(nested, b);
    std::int64_t depth = 0, at = 0;
    for (std::size_t t = 0; t < read.size() && at == 0; ++t) {
      depth += (read[t] == 8) - (read[t] == 9);
      // A minus behind a digit or bracket, or another operator, is no sign.
      if (t > 1 && depth == 1 && read[t] >= 5 && read[t] <= 7 && read[t - 1] != 8)
        at = static_cast<std::int64_t>(t);
    }
    ++left_sides[at - 1];
  }
  CHECK(left_sides.size() == 6);
  for (const auto& [length, count] : left_sides) CHECK(near(count, 6000, 1.0 / 6));
}
