#include "experiments/config/overrides.hpp"

#include <doctest/doctest.h>

#include "experiments/config/settings.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

std::string override_error(const std::vector<std::string>& tokens) {
  return error_of<ConfigError>([&] { parse_overrides(laboratory().options(), tokens); });
}

}  // namespace

TEST_CASE("[config] key=value gives a value and a comma list several") {
  const std::vector<Override> overrides =
      parse_overrides(laboratory().options(), {"train.updates=100", "--task.length=10,30", "seed=1"});
  REQUIRE(overrides.size() == 3);
  CHECK(overrides[0].option->key == "train.updates");
  CHECK(overrides[0].text == "100");
  CHECK(overrides[1].items == std::vector<std::string>{"10", "30"});
  CHECK(overrides[1].origin == "override \"--task.length=10,30\"");
}

TEST_CASE("[config] a table in braces is one item, whatever commas it has") {
  const auto overrides = parse_overrides(laboratory().options(), {"seed={first=3,count=20}"});
  CHECK(overrides.at(0).items == std::vector<std::string>{"{first=3,count=20}"});
}

TEST_CASE("[config] a range without a step is refused with how to write one") {
  const Option& option = *laboratory().options().find("model.hidden");
  CHECK(contains(error_of<ConfigError>([&] { read_setting(option, "10..100", "here"); }),
                 "FIRST..LAST:STEP, like 10..100:10"));
}

TEST_CASE("[config] a path may hold commas, equal signs and spaces") {
  const std::vector<Override> overrides = parse_overrides(laboratory().options(), {"out=my runs/a,b=c"});
  CHECK(overrides.at(0).items == std::vector<std::string>{"my runs/a,b=c"});
}

TEST_CASE("[config] a bad override is named with the nearest key") {
  CHECK(contains(override_error({"task.lenght=3"}),
                 "override \"task.lenght=3\": unknown key \"task.lenght\"; did you mean \"task.length\"?"));
  CHECK(contains(override_error({"length=3"}), "did you mean \"task.length\"?"));
  CHECK(contains(override_error({"task=3"}), "\"task\" is a section, not a key"));
  CHECK(contains(override_error({"train.updates"}), "override \"train.updates\": expected key=value"));
  CHECK(contains(override_error({"train.updates="}), "expected a value behind the ="));
  CHECK(contains(override_error({"=3"}), "expected key=value"));
  CHECK(contains(override_error({""}), "expected key=value"));
  CHECK(contains(override_error({"seed=1,,2"}), "found an empty one"));
  CHECK(contains(override_error({"seed=1,"}), "found an empty one"));
  CHECK(contains(override_error({"seed=1", "seed=2"}), "override \"seed=2\": seed is given twice"));
}

TEST_CASE("[config] an abbreviated key is not guessed") {
  CHECK(contains(override_error({"train.update=3"}),
                 "unknown key \"train.update\"; did you mean \"train.updates\"?"));
  CHECK(contains(override_error({"see=3"}), "unknown key"));
}

TEST_CASE("[config] arguments fall into one config file and overrides") {
  const ConfigArguments arguments = split_arguments({"seed=1", "a b/study.toml", "--task.length=3"});
  CHECK(arguments.file == "a b/study.toml");
  CHECK(arguments.overrides == std::vector<std::string>{"seed=1", "--task.length=3"});
  CHECK(split_arguments({"./a=b.toml"}).file == "./a=b.toml");
  CHECK_FALSE(split_arguments({}).file);
  CHECK(contains(error_of<ConfigError>([] {
                   split_arguments({"a.toml", "b.toml"});
                 }),
                 "expected one config file, found \"a.toml\" and \"b.toml\""));
}

TEST_CASE("[config] blanks around the = of an override are as in a file") {
  const std::vector<std::string> joined = {"model.cell=lstm", "seed=2"};
  CHECK(split_arguments({"model.cell", "=", "lstm", "seed=2"}).overrides == joined);
  CHECK(split_arguments({"model.cell=", "lstm", "seed", "=2"}).overrides == joined);
  CHECK(split_arguments({"a.toml", "model.cell", "=", "lstm"}).file == "a.toml");
  // An override whose value was forgotten does not swallow the next one.
  CHECK(split_arguments({"model.cell=", "seed=2"}).overrides ==
        std::vector<std::string>{"model.cell=", "seed=2"});
}

TEST_CASE("[config] what other programs call a setting is told the key") {
  CHECK(contains(override_error({"lr=0.1"}), "unknown key \"lr\"; did you mean \"train.learning_rate\"?"));
  CHECK(contains(override_error({"train.batch_size=3"}), "did you mean \"train.batch\"?"));
  for (const Option& option : laboratory().options().rows())
    for (const std::string& synonym : option.synonyms) {
      CAPTURE(synonym);
      CHECK(key_called(laboratory().options(), synonym) == option.key);  // of one row alone
      CHECK(option.key != synonym);
      CHECK_FALSE(option.key.ends_with("." + synonym));
    }
}
