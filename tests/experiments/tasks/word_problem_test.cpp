#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "tests/experiments/tasks/tracking_fixture.hpp"

using namespace unroll;
using namespace unroll::tracking_test;

namespace {

using Images = std::array<int, 5>;

/// All permutations of five things, or the even ones, in the order of their digits: found by counting.
std::vector<Images> group(bool even_only) {
  std::vector<Images> all;
  for (int code = 0; code < 3125; ++code) {
    const Images p = {code / 625, code / 125 % 5, code / 25 % 5, code / 5 % 5, code % 5};
    if (std::set<int>(p.begin(), p.end()).size() != 5) continue;
    int cycles = 0;  // even where 5 - cycles is
    std::set<int> seen;
    for (int i = 0; i < 5; ++i)
      if (!seen.contains(i)) {
        ++cycles;
        for (int k = i; seen.insert(k).second;) k = p[static_cast<std::size_t>(k)];
      }
    if (!even_only || cycles % 2 == 1) all.push_back(p);
  }
  return all;
}

/// Where the product of `read` sends each thing, followed one by one through the factors, the last one first.
std::int64_t product_of(const Symbols& read, const std::vector<Images>& elements,
                        const std::vector<Images>& symbols) {
  Images images{};
  for (int i = 0; i < 5; ++i) {
    int at = i;
    for (std::size_t t = read.size(); t-- > 0;)
      at = symbols[static_cast<std::size_t>(read[t])][static_cast<std::size_t>(at)];
    images[static_cast<std::size_t>(i)] = at;
  }
  return std::ranges::find(elements, images) - elements.begin();
}

}  // namespace

TEST_CASE("[state tracking] a word problem's answer is the product, thing by thing") {
  const std::vector<Images> s5 = group(false), a5 = group(true);
  REQUIRE(s5.size() == 120);
  REQUIRE(a5.size() == 60);
  const std::vector<Images> exchanges = {{1, 0, 2, 3, 4}, {0, 2, 1, 3, 4}, {0, 1, 3, 2, 4}, {0, 1, 2, 4, 3}};
  check_answers("word_problem", "S5", [&](const Symbols& read) { return product_of(read, s5, s5); });
  check_answers("word_problem", "A5", [&](const Symbols& read) { return product_of(read, a5, a5); });
  check_answers("word_problem", "S5 transpositions",
                [&](const Symbols& read) { return product_of(read, s5, exchanges); });
  CHECK(tracking("word_problem", "A5")->spec().output_size == 60);
  CHECK(tracking("word_problem", "S5 transpositions")->spec().input_size == 4);
  CHECK(tracking("word_problem", "S5 transpositions")->spec().output_size == 120);
}

TEST_CASE("[state tracking] Z60 adds, A4xZ5 composes and adds; both have 60 elements") {
  check_answers("word_problem", "Z60", [](const Symbols& read) {
    std::int64_t sum = 0;
    for (const std::int64_t number : read) sum += number;
    return sum % 60;
  });
  // The even permutations of four things are those of five that leave the last one.
  std::vector<Images> a4;
  for (const Images& p : group(true))
    if (p[4] == 4) a4.push_back(p);
  REQUIRE(a4.size() == 12);
  check_answers("word_problem", "A4xZ5", [&](const Symbols& read) {
    Symbols permutations;
    std::int64_t sum = 0;
    for (const std::int64_t element : read) {
      permutations.push_back(element / 5);
      sum += element % 5;
    }
    return product_of(permutations, a4, a4) * 5 + sum % 5;
  });
  for (const std::string variant : {"Z60", "A4xZ5"}) {
    CHECK(tracking("word_problem", variant)->spec().input_size == 60);
    CHECK(tracking("word_problem", variant)->trivial_loss() ==
          doctest::Approx(std::log(60.0)).epsilon(1e-12));
  }
}
