#include "experiments/bench/timing.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <system_error>

#include "experiments/bench/line_process.hpp"

using namespace unroll;

TEST_CASE("[bench] a timing is the median and the quartiles, whatever the order of the samples") {
  const Timing timing = timing_of({5, 1, 4, 2, 3});
  CHECK(timing.median == 3);
  CHECK(timing.low == 2);
  CHECK(timing.high == 4);
  CHECK(timing.samples == 5);
  CHECK(timing_of({7}).median == 7);
  CHECK(timing_of({1, 2}).median == 1.5);
}

TEST_CASE("[bench] a contest interleaves its contestants and warms each up first") {
  std::string order;
  const auto contestant = [&](const std::string& name, double seconds) {
    return Contestant{name, [&order, name, seconds](int runs) {
                        order += name;
                        return runs * seconds;
                      }};
  };
  const auto results = contest({contestant("a", 0.1), contestant("b", 0.2)},
                               {.seconds = 0, .least_rounds = 3, .sample_seconds = 0.4});
  CHECK(order == "aabbababab");
  REQUIRE(results.size() == 2);
  CHECK(results[0].key == "a");
  CHECK(results[0].timing.median == doctest::Approx(0.1));
  CHECK(results[1].timing.median == doctest::Approx(0.2));
  CHECK(results[1].timing.samples == 3);
}

TEST_CASE("[bench] a contestant that cannot go on is out, and the others go on") {
  int runs_of_b = 0;
  const Contestant a{"a", [](int) -> double { throw std::runtime_error("no memory"); }};
  const Contestant b{"b", [&](int) { return ++runs_of_b * 1.0; }};
  const auto results = contest({a, b}, {.seconds = 0, .least_rounds = 4, .sample_seconds = 0});
  CHECK(results[0].problem == "no memory");
  CHECK(results[1].problem.empty());
  CHECK(runs_of_b == 2 + 4);
}

TEST_CASE("[bench] a line process answers line by line, with the environment it was given") {
  LineProcess cat({"cat"}, {});
  CHECK(cat.ask("one") == "one");
  CHECK(cat.ask("two three") == "two three");
  LineProcess shell({"sh", "-c", "read x; echo \"$x $UNROLL_BENCH_WORD ${HOME-none}\"; exit"},
                    {{"UNROLL_BENCH_WORD", "word"}, {"HOME", ""}});
  CHECK(shell.ask("a") == "a word none");
  CHECK_THROWS_AS(shell.ask("b"), std::runtime_error);
  CHECK_THROWS_AS(LineProcess({"/nowhere/python3"}, {}), std::system_error);
}
