#include "experiments/config/steps.hpp"

#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

std::vector<std::string> steps(const char* key, const char* text) {
  const auto values = parse_steps(*laboratory().options().find(key), text, "f.toml:1:1");
  REQUIRE(values);
  std::vector<std::string> texts;
  for (const OptionValue& value : *values) texts.push_back(to_text(value));
  return texts;
}

std::string steps_error(const char* key, const char* text) {
  return error_of<ConfigError>([&] { parse_steps(*laboratory().options().find(key), text, "f.toml:1:1"); });
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("[config] steps go from the first number to the last one at most") {
  CHECK(steps("task.length", "10..40:10") == Strings{"10", "20", "30", "40"});
  CHECK(steps("task.length", "10..39:10") == Strings{"10", "20", "30"});
  CHECK(steps("model.hidden", "5..5:3") == Strings{"5"});
  CHECK(steps("train.learning_rate", "0.1..0.5:0.1") == Strings{"0.1", "0.2", "0.3", "0.4", "0.5"});
  CHECK(steps("train.learning_rate", "0..1:0.25").size() == 5);
  CHECK(steps("seed", "1..3") == Strings{"1", "2", "3"});
  CHECK(steps("seed", "18446744073709551612..18446744073709551615:2") ==
        Strings{"18446744073709551612", "18446744073709551614"});
}

TEST_CASE("[config] what is no steps is another value") {
  CHECK_FALSE(parse_steps(*laboratory().options().find("task.length"), "3..40", "here"));
  CHECK_FALSE(parse_steps(*laboratory().options().find("model.activation"), "1..3:1", "here"));
  CHECK_FALSE(parse_steps(*laboratory().options().find("model.hidden"), "12", "here"));
  CHECK_FALSE(parse_steps(*laboratory().options().find("model.hidden"), "3..40", "here"));
}

TEST_CASE("[config] steps that lead nowhere are refused") {
  CHECK(contains(steps_error("task.length", "10..40:0"),
                 "f.toml:1:1: task.length: \"10..40:0\": expected a step above 0"));
  CHECK(contains(steps_error("task.length", "10..40:-1"), "expected a step above 0"));
  CHECK(contains(steps_error("task.length", "40..10:10"), "the range is empty"));
  CHECK(contains(steps_error("task.length", "a..b:c"), "expected FIRST..LAST:STEP, each an integer"));
  CHECK(contains(steps_error("task.length", "1..:1"), "expected FIRST..LAST:STEP"));
  CHECK(contains(steps_error("train.learning_rate", "0..1:1e-9"), "over 1000000 values"));
  CHECK(contains(steps_error("model.hidden", "-9223372036854775808..9223372036854775807:1"),
                 "over 1000000 values"));
  CHECK(contains(steps_error("train.learning_rate", "0..nan:1"), "expected FIRST..LAST:STEP"));
  CHECK(steps("model.hidden", "-9223372036854775808..9223372036854775807:9223372036854775807").size() == 3);
}
