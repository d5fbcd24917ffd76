#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "experiments/tasks/automaton.hpp"
#include "tests/experiments/tasks/tracking_fixture.hpp"

using namespace unroll;
using namespace unroll::tracking_test;

namespace {

std::int64_t ones_in(const Symbols& read) { return std::ranges::count(read, 1); }

/// How often symbol `b` follows an `a`.
std::int64_t changes(const Symbols& read, std::int64_t a, std::int64_t b) {
  std::int64_t count = 0;
  for (std::size_t t = 1; t < read.size(); ++t) count += read[t - 1] == a && read[t] == b;
  return count;
}

std::int64_t place_on_ring(const Symbols& read) {
  const std::int64_t moved = std::ranges::count(read, 1) - std::ranges::count(read, 2);
  return (moved % 5 + 5) % 5;
}

}  // namespace

TEST_CASE("[state tracking] parity is the number of ones modulo 2") {
  check_answers("parity", "", [](const Symbols& read) { return ones_in(read) % 2; });
}

TEST_CASE("[state tracking] even pairs: as many changes 01 as 10, counted") {
  check_answers("even_pairs", "",
                [](const Symbols& read) { return changes(read, 0, 1) == changes(read, 1, 0); });
}

TEST_CASE("[state tracking] cycle navigation: moves forward less moves back, modulo 5") {
  check_answers("cycle_navigation", "", place_on_ring);
}

TEST_CASE(
    "[state tracking] the automaton goes round, exchanges 0 and 1, sends 3 to 2; its maps are all 256") {
  const auto step = [](std::int64_t state, std::int64_t symbol) -> std::int64_t {
    if (symbol == 0) return (state + 1) % 4;
    if (symbol == 1) return state < 2 ? 1 - state : state;
    return state == 3 ? 2 : state;
  };
  check_answers("finite_state_machine", "", [&](const Symbols& read) {
    std::int64_t state = 0;
    for (const std::int64_t symbol : read) state = step(state, symbol);
    return state;
  });
  std::set<std::array<std::int64_t, 4>> maps = {{0, 1, 2, 3}};
  for (std::size_t before = 0; before != maps.size();) {
    before = maps.size();
    for (std::array<std::int64_t, 4> map : std::vector(maps.begin(), maps.end()))
      for (const std::int64_t symbol : {0, 1, 2}) {
        auto next = map;
        for (std::int64_t& state : next) state = step(state, symbol);
        maps.insert(next);
      }
  }
  CHECK(maps.size() == 256);
}

TEST_CASE("[state tracking] every symbol is as likely as any other at every step") {
  check_uniform("parity", "", 2);
  check_uniform("even_pairs", "", 2);
  check_uniform("cycle_navigation", "", 3);
  check_uniform("finite_state_machine", "", 3);
  check_uniform("word_problem", "A5", 60);
  check_uniform("word_problem", "S5", 120);
  check_uniform("word_problem", "S5 transpositions", 4);
}

TEST_CASE("[state tracking] each sequence has a length of its own, uniform over the range") {
  for (const std::string name : {"parity", "modular_arithmetic", "word_problem"}) {
    CAPTURE(name);
    const auto task = tracking(name, name == "modular_arithmetic" ? "brackets" : "", {3, 9});
    CHECK(task->training(1)->uneven());
    std::map<std::int64_t, double> lengths;
    for (const std::int64_t length : training_batch(*task, 7000).lengths) ++lengths[length];
    CHECK(lengths.size() == 7);
    CHECK(lengths.begin()->first == 3);
    CHECK(lengths.rbegin()->first == 9);
    for (const auto& [length, count] : lengths) CHECK(near(count, 7000, 1.0 / 7));
  }
}

TEST_CASE("[state tracking] a test at a length has sequences of exactly that length") {
  for (const std::int64_t length : {40, 80, 160, 320, 500, 2000})
    for (const char* name :
         {"parity", "even_pairs", "cycle_navigation", "finite_state_machine", "word_problem"}) {
      const auto task = tracking(name);
      const Batch batch = task->test_at(length, 3)->batch(0, 3);
      CHECK(batch.lengths == std::vector<std::int64_t>(3, length));
    }
}

TEST_CASE("[state tracking] the trivial loss is what frequencies by number of steps cost on samples") {
  struct Case {
    std::string name;
    std::string variant;
    std::int64_t sequences;
    LengthRange length;
  };
  for (const Case& c : std::vector<Case>{{"parity", "", 4000, {3, 10}},
                                         {"even_pairs", "", 20000, {1, 6}},
                                         {"cycle_navigation", "", 20000, {1, 6}},
                                         {"finite_state_machine", "", 20000, {1, 8}},
                                         {"modular_arithmetic", "no brackets", 20000, {1, 9}},
                                         {"modular_arithmetic", "brackets", 60000, {1, 24}},
                                         {"word_problem", "A5", 60000, {1, 4}},
                                         {"word_problem", "S5 transpositions", 60000, {1, 5}}})
    for (const std::string supervision : {"every step", "end"}) {
      CAPTURE(c.name);
      CAPTURE(c.variant);
      CAPTURE(supervision);
      const auto task = tracking(c.name, c.variant, c.length, supervision);
      CHECK(measured_trivial_loss(*task, c.sequences) ==
            doctest::Approx(task->trivial_loss()).epsilon(0.004));
    }
}

TEST_CASE("[state tracking] trivial losses known in closed form") {
  CHECK(tracking("parity")->trivial_loss() == doctest::Approx(std::log(2.0)).epsilon(1e-12));
  CHECK(tracking("word_problem", "S5")->trivial_loss() == doctest::Approx(std::log(120.0)).epsilon(1e-12));
  CHECK(tracking("word_problem", "A5")->trivial_loss() == doctest::Approx(std::log(60.0)).epsilon(1e-12));
  // The first bit equals itself; after it both answers are as likely.
  CHECK(tracking("even_pairs", "", 4)->trivial_loss() ==
        doctest::Approx(std::log(2.0) * 3 / 4).epsilon(1e-12));
  CHECK(tracking("even_pairs", "", 4, "end")->trivial_loss() ==
        doctest::Approx(std::log(2.0)).epsilon(1e-12));
  // Exchanges make odd and even permutations in turn.
  CHECK(tracking("word_problem", "S5 transpositions", 300, "end")->trivial_loss() ==
        doctest::Approx(std::log(60.0)).epsilon(1e-6));
  CHECK(tracking("word_problem", "S5 transpositions", 1, "end")->trivial_loss() ==
        doctest::Approx(std::log(4.0)).epsilon(1e-12));
  // d+d, d-d and d*d, of which the last is 0 in 9 of 25 cases.
  const double zero = (0.2 + 0.2 + 9.0 / 25) / 3;
  CHECK(tracking("modular_arithmetic", "brackets", 5)->trivial_loss() ==
        doctest::Approx(-zero * std::log(zero) - (1 - zero) * std::log((1 - zero) / 4)).epsilon(1e-12));
  // Without brackets the digit alone is uniform, and the whole of three symbols as above.
  CHECK(tracking("modular_arithmetic", "no brackets", 3)->trivial_loss() ==
        doctest::Approx((std::log(5.0) - zero * std::log(zero) - (1 - zero) * std::log((1 - zero) / 4)) / 2)
            .epsilon(1e-12));
}

TEST_CASE(
    "[state tracking] entropies of an automaton: none before there is an answer, 0 where it is certain") {
  Automaton two{.symbols = 1, .classes = 2, .states = {}};
  two.states.push_back({{0, 1}, {1}, {}});
  two.states.push_back({{0, 1}, {2}, {}});
  two.states.push_back({{0, 1}, {2}, 1});
  const auto all = answer_entropies(two, 3);
  REQUIRE(all.size() == 3);
  CHECK_FALSE(all[0]);
  REQUIRE(all[1]);
  CHECK(*all[1] == 0);
  CHECK(*all[2] == 0);
}

TEST_CASE(
    "[state tracking] solved above 99 % of the answers; whole sequences are judged where each step is") {
  const auto task = tracking("parity");
  CHECK(task->success().holds({{"accuracy", 0.991}}));
  CHECK_FALSE(task->success().holds({{"accuracy", 0.99}}));
  CHECK(task->spec().criterion.sequences);
  CHECK_FALSE(tracking("parity", "", 5, "end")->spec().criterion.sequences);
}

TEST_CASE("[state tracking] both ways of supervision read the same sequences") {
  for (const std::string name : {"parity", "word_problem", "modular_arithmetic"}) {
    const auto each = tracking(name), end = tracking(name, "", {3, 40}, "end");
    const Batch a = training_batch(*each, 30), b = training_batch(*end, 30);
    CHECK(same_bits(a.inputs, b.inputs));
    for (std::int64_t row = 0; row < 30; ++row)
      CHECK(class_at(a, a.lengths[static_cast<std::size_t>(row)] - 1, row) == indices(b.target)[row]);
  }
}

TEST_CASE("[state tracking] parity of signs: the bits of the standard variant as -1 and 1") {
  for (const std::string supervision : {"every step", "end"}) {
    const auto bits = tracking("parity", "standard", {3, 40}, supervision);
    const auto signs = tracking("parity", "signs", {3, 40}, supervision);
    CHECK(signs->spec().input_size == 1);
    CHECK(signs->trivial_loss() == bits->trivial_loss());
    const Batch a = training_batch(*bits, 30), b = training_batch(*signs, 30);
    CHECK(same_bits(a.target, b.target));
    for (std::int64_t row = 0; row < 30; ++row) {
      const Symbols read = symbols_of(a, row);
      for (std::size_t t = 0; t < read.size(); ++t)
        CHECK(numbers(b.inputs)[static_cast<std::int64_t>(t) * 30 + row] == (read[t] == 1 ? 1 : -1));
    }
  }
}

TEST_CASE("[state tracking] accuracies are scaled from one right answer in as many as there are classes") {
  CHECK(tracking("parity")->spec().criterion.chance == 0.5);
  CHECK(tracking("modular_arithmetic", "brackets")->spec().criterion.chance == 0.2);
  CHECK(tracking("word_problem", "A5")->spec().criterion.chance == doctest::Approx(1.0 / 60));
}
