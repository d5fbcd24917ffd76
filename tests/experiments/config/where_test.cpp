#include "experiments/config/where.hpp"

#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

/// A trial of 40 steps, 64 LSTM units, and a rate of 0.01.
std::optional<OptionValue> value_of(const Option& option) {
  if (option.key == "task.length") return LengthRange(3, 40);
  if (option.key == "model.hidden") return std::int64_t{64};
  if (option.key == "model.cell") return CellText("lstm");
  if (option.key == "model.bidirectional") return true;
  if (option.key == "train.learning_rate") return 0.01;
  if (option.key == "train.max_memory") return Bytes{1000};
  if (option.key == "seed") return std::uint64_t{7};
  if (option.key.starts_with("model.constants")) return std::nullopt;
  return option.default_value;
}

bool holds(const std::string& text) {
  return Where(laboratory().options(), text, "f.toml:1:1").holds(value_of);
}

std::string condition_error(const std::string& text) {
  return error_of<ConfigError>([&] { Where(laboratory().options(), text, "f.toml:1:1"); });
}

}  // namespace

TEST_CASE("[where] comparisons of numbers, texts and truths") {
  CHECK(holds("model.hidden == 64"));
  CHECK_FALSE(holds("model.hidden != 64"));
  CHECK(holds("model.hidden<65"));
  CHECK(holds("65 > model.hidden"));
  CHECK(holds("train.learning_rate >= 1e-2"));
  CHECK(holds("train.learning_rate == +.01"));
  CHECK_FALSE(holds("train.learning_rate < -1.5"));
  CHECK(holds("model.cell == 'lstm'"));
  CHECK(holds("model.cell != \"gru\""));
  CHECK(holds("model.bidirectional"));
  CHECK_FALSE(holds("model.bidirectional == false"));
  CHECK(holds("train.max_memory == 1000"));
  CHECK(holds("seed == 7"));
  CHECK(holds("model.hidden > seed"));  // a key on both sides
  CHECK(holds("true"));
}

TEST_CASE("[where] a range of lengths compares as all of its lengths do") {
  CHECK(holds("task.length <= 40"));
  CHECK_FALSE(holds("task.length <= 39"));
  CHECK(holds("task.length >= 3"));
  CHECK_FALSE(holds("task.length > 3"));
  CHECK_FALSE(holds("task.length == 40"));
  CHECK(holds("task.length != 40"));
}

TEST_CASE("[where] not binds tighter than and, and tighter than or") {
  CHECK(holds("true or true and false"));
  CHECK_FALSE(holds("(true or true) and false"));
  CHECK(holds("not false and true"));
  CHECK_FALSE(holds("not (false and true) and false"));
  CHECK(holds("not not true"));
  CHECK_FALSE(holds("not not not true"));
  CHECK(holds("task.length <= 100 or model.cell == 'gru'"));
  CHECK(holds("\n task.length<=100\n  and(model.cell=='lstm'or false) "));
}

TEST_CASE("[where] a setting that a trial does not have compares with nothing") {
  CHECK_FALSE(holds("model.constants.dt == 0.1"));
  CHECK_FALSE(holds("model.constants.dt != 0.1"));
  CHECK(holds("not model.constants.dt == 0.1"));
}

TEST_CASE("[where] what is no condition is refused with its place and the likely cause") {
  CHECK(contains(condition_error("task.lenght <= 3"),
                 "f.toml:1:1: where: unknown key \"task.lenght\"; did you mean \"task.length\"?"));
  CHECK(contains(condition_error("task.length = 3"), "found \"= 3\" (== compares)"));
  CHECK(contains(condition_error("task.length <"),
                 "expected a key, a number, a text in quotes, true or false, found the end"));
  CHECK(contains(condition_error(""), "expected a comparison like task.length <= 100, found the end"));
  CHECK(contains(condition_error("true and"), "expected a comparison after `and`"));
  CHECK(contains(condition_error("true or or"), "expected a comparison after `or`"));
  CHECK(contains(condition_error("(true"), "expected )"));
  CHECK(contains(condition_error("true)"), "found \")\""));
  CHECK(contains(condition_error("model.cell == 'lstm"), "never closed"));
  CHECK(contains(condition_error("model.cell == 3"),
                 "expected two values of a kind, found a text and a number"));
  CHECK(contains(condition_error("model.cell < 'b'"), "only numbers are smaller or larger"));
  CHECK(contains(condition_error("model.activation == 'rleu'"), "did you mean \"relu\"?"));
  CHECK(contains(condition_error("model.hidden"), "it is not true or false"));
  CHECK(contains(condition_error("task.test_lengths == 3"), "cannot be compared"));
  CHECK(contains(condition_error("3 < model.hidden < 5"), "found \"< 5\""));
  CHECK(contains(condition_error("model.hidden < 1e999"), "64 bits"));
  CHECK(contains(condition_error("task == 3"), "is a section, not a key"));
}

TEST_CASE("[where] nesting beyond all measure is refused, repetition is not") {
  CHECK(contains(condition_error(std::string(100'000, '(') + "true"), "nested too deeply"));
  std::string negations, sum = "true";
  for (int i = 0; i < 20'000; ++i) negations += "not ";
  CHECK(holds(negations + "true"));
  for (int i = 0; i < 5'000; ++i) sum += " or false and true";
  CHECK(holds(sum));
  CHECK(holds(std::string(100, '(') + "true" + std::string(100, ')')));
}
