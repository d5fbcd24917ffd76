#include "experiments/verbs/number_flag.hpp"

#include <doctest/doctest.h>

#include "tests/experiments/verbs/command.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

struct Flag {
  std::string verb, flag;
};

/// The verb stops at the flag, before it looks for what else it needs.
void check_refused(const Flag& f, const std::string& text, const std::string& expected) {
  const TemporaryFolder folder;
  const CommandOutcome outcome = call(folder.path(), {f.verb, f.flag, text});
  CAPTURE(f.verb);
  CHECK(outcome.status == 2);
  const std::string message = f.flag + ": expected " + expected + ", found \"" + text + "\"";
  CHECK_MESSAGE(outcome.err.find(message) != std::string::npos, message, "\n", outcome.err);
  CHECK(outcome.out.empty());
}

const std::vector<Flag> integers = {{"generate", "--length"}, {"generate", "--top-k"}, {"predict", "--top"},
                                    {"cells", "--input"},     {"cells", "--hidden"},   {"cells", "--steps"},
                                    {"cells", "--rows"},      {"run", "--jobs"},       {"sweep", "--jobs"}};
const std::vector<Flag> number_flags = {
    {"generate", "--temperature"}, {"generate", "--top-p"}, {"bench", "--seconds"}};
const Flag seed_flag = {"generate", "--seed"};

}  // namespace

TEST_CASE("[flags] an integer is digits alone, within its range") {
  for (const char* text :
       {"1e5", " 5", "+5", "5x", "5 ", "0x10", "5.0", "five", "9223372036854775808", "1,000"})
    for (const Flag& flag : integers) check_refused(flag, text, "an integer");
}

TEST_CASE("[flags] a seed is no negative number, nor one beyond 64 bits") {
  for (const char* text :
       {"-1", "-0", "18446744073709551616", "-18446744073709551615", "1e5", " 5", "+5", "5x", "seven"})
    check_refused(seed_flag, text, "an integer from 0 to 2^64 - 1");
}

TEST_CASE("[flags] a number is finite, and nothing stands around it") {
  for (const char* text : {"nan", "inf", "-inf", "1e400", " 5", "+5", "5x", "0,5", "half"})
    for (const Flag& flag : number_flags) check_refused(flag, text, "a number");
}

TEST_CASE("[flags] what is a number passes, and the verb goes on to what else is wrong") {
  const TemporaryFolder folder;
  const auto complaint = [&](const Flag& f, const std::string& text) {
    return call(folder.path(), {f.verb, f.flag, text, "nowhere"}).err;
  };
  for (const char* text : {"0", "7", "18446744073709551615"})
    CHECK(complaint(seed_flag, text).find("there is no such folder") != std::string::npos);
  for (const char* text : {"0.5", "1", "1e-3"})
    CHECK(complaint({"generate", "--temperature"}, text).find("there is no such folder") !=
          std::string::npos);
  CHECK(complaint({"generate", "--length"}, "-3").find("there is no such folder") != std::string::npos);
  CHECK(complaint({"sweep", "--jobs"}, "-1").find("nowhere") != std::string::npos);
}

TEST_CASE("[flags] integers that no task and no memory has room for are refused with their range") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::vector<std::string>& command, const std::string& part) {
    const CommandOutcome outcome = call(folder.path(), command);
    CHECK(outcome.status == 2);
    CHECK_MESSAGE(outcome.err.find(part) != std::string::npos, outcome.err);
  };
  refused({"tasks", "--length", "-5"},
          "--length: expected a length like 100 or a range like 3..40, found \"-5\"");
  refused({"cells", "bench", "lstm", "--steps", "9223372036854775807"}, "--steps must be from 1 to 10000000");
  refused({"cells", "bench", "lstm", "--rows", "0"}, "--rows must be from 1 to 10000000, but is 0");
  refused({"cells", "bench", "lstm", "--steps", "1000000", "--rows", "1000"}, "expected at most 1e+09");
  refused({"cells", "bench", "lstm", "--steps", "1", "--rows", "1", "--hidden", "9223372036854775807"},
          "numbers");
  refused({"run", "--jobs", "99999999999"}, "--jobs must be from 0 (one per core) to 4096");
}

TEST_CASE("[flags] a flag given twice is refused by name") {
  const TemporaryFolder folder;
  const CommandOutcome twice = call(folder.path(), {"generate", "x", "--seed", "1", "--seed", "2"});
  CHECK(twice.status == 2);
  CHECK(twice.err.find("'--seed' cannot be specified more than once") != std::string::npos);
}
