#include <doctest/doctest.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/plan.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

constexpr const char* seed_text = R"(seed = "18446744073709551615"
out = "out/x"
jobs = 2
[task]
name = "adding"   # comment
length = 100
[model]
hidden = 0x20
[train]
learning_rate = 1e-3
early_stop = true
[sweep]
seed = { first = 3, count = 2 }
"task.length" = [10, 30]
cases = [
  { "model.activation" = "tanh", model.init = "glorot" },
  { "model.activation" = "relu", model.init = "identity" },
]
)";

/// A small generator of its own (xorshift64*): the same mutations everywhere and always.
struct Random {
  std::uint64_t state;
  std::size_t below(std::size_t n) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<std::size_t>((state * 0x2545F4914F6CDD1DULL) >> 33) % n;
  }
};

/// Pieces that are likely to reach deep into the reader.
constexpr std::string_view pieces[] = {"[",
                                       "]",
                                       "{",
                                       "}",
                                       "=",
                                       "\"",
                                       "'",
                                       ",",
                                       ".",
                                       "\n",
                                       "#",
                                       "\"\"\"",
                                       "[[",
                                       "]]",
                                       "nan",
                                       "-inf",
                                       "1e999",
                                       "true",
                                       "1979-05-27T07:32:00Z",
                                       "9223372036854775807",
                                       "-1",
                                       "0",
                                       "\xff",
                                       "\\u0000",
                                       "\\",
                                       "\xef\xbb\xbf",
                                       "sweep",
                                       "cases",
                                       "count",
                                       "first",
                                       "seed",
                                       "task",
                                       "task.length",
                                       "[sweep]\n",
                                       "[[sweep.cases]]\n",
                                       "[sweep.task]\n",
                                       "[]",
                                       "{}",
                                       "\t",
                                       "\r",
                                       std::string_view("\0", 1),
                                       "18446744073709551615",
                                       "results_revision = \"x\"\n"};

std::string mutated(std::string text, Random& random) {
  const std::size_t changes = 1 + random.below(4);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(5)) {
      case 0:
        text.insert(at, pieces[random.below(std::size(pieces))]);
        break;
      case 1:
        text.erase(at, 1 + random.below(12));
        break;
      case 2:
        text = text.substr(0, at);
        break;
      case 3:
        text.insert(random.below(text.size() + 1), text.substr(at, random.below(40)));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("[config] whatever stands in the file, only ConfigError comes out") {
  const ConfigFile file("");
  Random random{0x9E3779B97F4A7C15ULL};
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = mutated(seed_text, random);
    file.write(text);
    try {
      plan_sweep(laboratory(), file.path(), {});
      ++accepted;
    } catch (const ConfigError& error) {
      ++refused;
      CHECK_MESSAGE(std::string(error.what()).rfind(file.path().string(), 0) == 0, error.what());
    } catch (const std::exception& error) {
      FAIL("another exception: " << error.what() << "\n" << text);
    }
  }
  // Neither half of the reader went untested.
  CHECK(accepted > 100);
  CHECK(refused > 1000);
}

TEST_CASE("[config] a config cut off anywhere is read or refused") {
  const ConfigFile file("");
  const std::string text = seed_text;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    file.write(text.substr(0, length));
    CHECK_NOTHROW(error_of<ConfigError>([&] { plan_sweep(laboratory(), file.path(), {}); }));
  }
}

TEST_CASE("[config] deep nesting and long lines are refused, not suffered") {
  const ConfigFile file("");
  for (const std::string& text : {"a = " + std::string(100000, '['), "a = " + std::string(5000, '{'),
                                  std::string(1000000, 'x') + " = 1", "[" + std::string(100000, '.') + "]",
                                  "a" + std::string(5000, '.') + "b = 1"}) {
    file.write(text);
    CHECK(error_of<ConfigError>([&] { plan_sweep(laboratory(), file.path(), {}); }).size() < 2000);
  }
}

TEST_CASE("[config] whatever the override, only ConfigError comes out") {
  Random random{0xD1B54A32D192ED03ULL};
  for (int i = 0; i < 4000; ++i) {
    const std::string token = mutated("task.length=10,30", random);
    CHECK_NOTHROW(error_of<ConfigError>([&] { plan_trial(laboratory(), std::nullopt, {token}); }));
  }
}

TEST_CASE("[config] an unknown key is reported at once") {
  const ConfigFile file("[task]\nlenght = 3\n");
  const std::string error = error_of<ConfigError>([&] { plan_sweep(laboratory(), file.path(), {}); });
  CHECK(contains(error, "did you mean \"task.length\"?"));
}
