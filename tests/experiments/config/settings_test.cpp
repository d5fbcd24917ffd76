#include "experiments/config/settings.hpp"

#include <doctest/doctest.h>

#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

Settings settings_of(const std::string& text) {
  return read_settings(laboratory().options(), parse_document(text, "f.toml"));
}

std::string error_in(const std::string& text) {
  return error_of<ConfigError>([&] { settings_of(text); });
}

}  // namespace

TEST_CASE("[config] sections, dotted keys and quoted keys say the same") {
  for (const char* text :
       {"[task]\nlength = 7", "task.length = 7", "\"task.length\" = 7", "task = { length = 7 }"}) {
    CAPTURE(text);
    const Settings settings = settings_of(text);
    REQUIRE(settings.size() == 1);
    CHECK(settings.at("task.length").value == OptionValue(LengthRange{7}));
  }
}

TEST_CASE("[config] what is not set stays as it is") {
  Config config = laboratory().default_config();
  config.train.batch = 77;
  apply_settings(laboratory().options(), settings_of("[train]\nupdates = 12"), config);
  CHECK(config.train.updates == 12);
  CHECK(config.train.batch == 77);
}

TEST_CASE("[config] an integer may stand for a number but not the other way round") {
  Config config = laboratory().default_config();
  apply_settings(laboratory().options(), settings_of("[train]\nlearning_rate = 1"), config);
  CHECK(config.train.learning_rate == 1.0);
  CHECK(contains(error_in("[train]\nupdates = 100.0"), "f.toml:2:11: train.updates: expected an integer"));
}

TEST_CASE("[config] a value of another type for a setting of another task is told whose it is") {
  CHECK(contains(error_in("[task]\nname = \"file\"\ncontext = []\n"),
                 "f.toml:3:11: task.context: expected an integer from 2 to 1000000, found an empty list (to "
                 "sweep it, write \"task.context\" = [...] in [sweep]); a setting of series only"));
  CHECK_FALSE(contains(error_in("[task]\nlength = true\n"), "a setting of"));
}

TEST_CASE("[config] seeds have 64 bits, as an integer or a string") {
  const auto seed = [](const char* text) {
    return std::get<std::uint64_t>(settings_of(text).at("seed").value);
  };
  CHECK(seed("seed = 9223372036854775807") == 9223372036854775807u);
  CHECK(seed("seed = \"18446744073709551615\"") == 18446744073709551615u);
  CHECK(seed("seed = 0") == 0);
  CHECK(contains(error_in("seed = -1"), "expected an integer from 0 to 2^64 - 1, found the integer -1"));
  CHECK(contains(error_in("seed = \"18446744073709551616\""), "2^64 - 1"));
}

TEST_CASE("[config] an unknown key names its place, the nearest key and the known ones") {
  const std::string error = error_in("[task]\nname = \"adding\"\nlenght = 3\n");
  CHECK(error.rfind("f.toml:3:1: unknown key \"task.lenght\"; did you mean \"task.length\"?", 0) == 0);
  CHECK(contains(error, "task.name, task.variant, task.length"));
  CHECK(contains(error_in("[trian]\nlength = 3"),
                 "f.toml:1:2: unknown key \"trian\"; did you mean \"train\"?"));
  CHECK(contains(error_in("length = 3"), "did you mean \"task.length\"?"));
  CHECK(contains(error_in("[train]\nlength = 3"), "did you mean \"task.length\"?"));
  CHECK_FALSE(contains(error_in("[task]\ntemperature_of_softmax = 3"), "did you mean"));
  CHECK(contains(error_in("\"\" = 1"), "unknown key"));
}

TEST_CASE("[config] an unknown name gets the nearest one and the list") {
  const std::string error = error_in("[model]\nactivation = \"tnah\"");
  CHECK(error.rfind("f.toml:2:14: model.activation: \"tnah\" is unknown; did you mean \"tanh\"? Known: ",
                    0) == 0);
  CHECK(contains(error, "sigmoid"));
  CHECK(contains(error_in("[task]\nname = \"ading\""), "did you mean \"adding\"?"));
  CHECK(contains(error_in("[train]\noptimizer = \"rmsporp\""), "did you mean \"rmsprop\"?"));
  CHECK(contains(error_in("[model]\ncell = \"vanila\""), "did you mean \"vanilla\"?"));
  CHECK(contains(error_in("[model]\ninit = \"orthogonl\""), "did you mean \"orthogonal\"?"));
}

TEST_CASE("[config] a wrong type says what was expected and what was found") {
  CHECK(contains(
      error_in("[train]\nbatch = \"100\""),
      "f.toml:2:9: train.batch: expected an integer from 1 to 100000, found the string \"100\" (write it "
      "without quotes)"));
  CHECK(contains(
      error_in("[task]\nlength = \"40..3\""),
      "f.toml:2:10: task.length: expected a length like 100 or a range of lengths like 3..40, found the "
      "string \"40..3\""));
  CHECK(contains(error_in("[task]\nlength = true"), "found true"));
  CHECK(contains(error_in("[task]\nlength = 1979-05-27"), "found a date or time"));
  CHECK(contains(error_in("[task]\nlength = {}"), "found a table"));
  CHECK(contains(error_in("[task]\nlength = [1, 2]"),
                 "found a list (to sweep it, write \"task.length\" = [...]"));
  CHECK(contains(error_in("[task]\nname = 3"), "found the integer 3"));
  CHECK(contains(error_in("[train]\nearly_stop = 1"), "expected true or false, found the integer 1"));
  CHECK(contains(error_in("task = 3"), "f.toml:1:1: task: expected a table [task], found the integer 3"));
}

TEST_CASE("[config] a number out of its range is refused with the range") {
  CHECK(
      contains(error_in("[train]\nbatch = 0"), "train.batch: expected an integer from 1 to 100000, found 0"));
  CHECK(contains(error_in("[task]\nlength = 0"), "found the integer 0"));
  CHECK(contains(error_in("[task]\nlength = -5"), "found the integer -5"));
  CHECK(contains(error_in("[train]\nlearning_rate = 0"), "expected a number above 0, found 0"));
  CHECK(contains(error_in("[train]\nbeta2 = 1.0"), "expected a number from 0 to below 1, found 1"));
  CHECK(
      contains(error_in("[train]\nlearning_rate = nan"), "expected a number above 0, found the number nan"));
  CHECK(
      contains(error_in("[train]\nlearning_rate = inf"), "expected a number above 0, found the number inf"));
  CHECK(contains(error_in("[train]\nclip_value = -inf"), "found the number -inf"));
}

TEST_CASE("[config] a key given in two ways is refused with both places") {
  CHECK(error_in("\"task.length\" = 3\n[task]\nlength = 4") ==
        "f.toml:3:1: task.length is given twice; first at f.toml:1:1");
}
