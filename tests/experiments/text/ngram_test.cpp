#include "experiments/text/ngram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tests/experiments/text/ngram_oracle.hpp"

using namespace unroll;

namespace {

using Ids = std::vector<std::int32_t>;

/// A text in which a token depends on the two before it; squares make some types frequent and others rare.
Ids some_text(std::size_t n, std::int32_t types, unsigned seed) {
  std::mt19937 random(seed);
  Ids text{0, 1 % types};
  while (text.size() < n) {
    const double u = static_cast<double>(random()) / 4294967296.0;
    const auto step = static_cast<std::int32_t>(u * u * types);
    text.push_back((text.back() * 3 + text[text.size() - 2] + step) % types);
  }
  return text;
}

/// Contexts from a text, others that it never had, and none.
std::vector<Ids> contexts_from(const Ids& text, std::int32_t types) {
  std::vector<Ids> contexts{{}};
  for (std::size_t length = 1; length <= 6; ++length)
    for (std::size_t at = 0; at + length <= text.size(); at += 1 + text.size() / 5) {
      contexts.emplace_back(text.begin() + static_cast<std::ptrdiff_t>(at),
                            text.begin() + static_cast<std::ptrdiff_t>(at + length));
      contexts.emplace_back(length, static_cast<std::int32_t>(at) % types);
    }
  return contexts;
}

double sum_over_types(const NgramModel& model, const Ids& context, int order) {
  double sum = 0;
  for (std::int32_t token = 0; token < model.types(); ++token)
    sum += model.probability(context, token, order);
  return sum;
}

std::vector<NgramOptions> every_kind() {
  std::vector<NgramOptions> all;
  for (const int order : {1, 2, 5, 9})
    for (const Smoothing smoothing : {Smoothing::kneser_ney, Smoothing::witten_bell})
      for (const std::int32_t line_end : {-1, 2}) all.push_back({order, smoothing, line_end});
  return all;
}

}  // namespace

TEST_CASE("[text] the probabilities of every order sum to 1 after any context and none is 0") {
  for (const std::size_t length : {0, 1, 2, 3, 10, 60, 2000})
    for (const NgramOptions& options : every_kind()) {
      Ids text = some_text(2000, 7, 3);
      text.resize(length);
      const NgramModel model(text, 7, options);
      for (const Ids& context : contexts_from(some_text(100, 7, 4), 7))
        for (int order = 0; order <= options.order; ++order) {
          CHECK(sum_over_types(model, context, order) == doctest::Approx(1).epsilon(1e-12));
          for (std::int32_t token = 0; token < 7; ++token)
            CHECK(model.probability(context, token, order) > 0);
        }
    }
}

TEST_CASE("[text] Kneser-Ney by hand: a b a b a c") {
  // No count of counts beyond 2, so the discounts are 0.5, 1, 1.5. Each of a, b, c has one kind of
  // predecessor: below the bigrams each has (1 - 0.5) / 3 + 0.5 / 3 = 1/3. After a (3 times): b twice, c
  // once, 1.5 kept back.
  const NgramModel model(Ids{0, 1, 0, 1, 0, 2}, 3, {2, Smoothing::kneser_ney, -1});
  CHECK(model.probability(Ids{0}, 1) == doctest::Approx((2 - 1.0) / 3 + 0.5 / 3));
  CHECK(model.probability(Ids{0}, 2) == doctest::Approx((1 - 0.5) / 3 + 0.5 / 3));
  CHECK(model.probability(Ids{0}, 0) == doctest::Approx(0.5 / 3));
  CHECK(model.probability(Ids{2}, 1) == doctest::Approx(1.0 / 3));  // nothing ever followed c
  // The unigram model counts occurrences: 3, 2, 1 of 6, and 1.5 + 1 + 0.5 kept back.
  CHECK(model.probability(Ids{}, 0, 1) == doctest::Approx((3 - 1.5) / 6 + 0.5 / 3));
  CHECK(model.probability(Ids{}, 0, 0) == doctest::Approx(1.0 / 3));
}

TEST_CASE("[text] Witten-Bell by hand: a b a b a c") {
  const NgramModel model(Ids{0, 1, 0, 1, 0, 2}, 3, {2, Smoothing::witten_bell, -1});
  const double b = (2 + 3 * (1.0 / 3)) / (6 + 3);
  CHECK(model.probability(Ids{}, 1, 1) == doctest::Approx(b));
  CHECK(model.probability(Ids{0}, 1) == doctest::Approx((2 + 2 * b) / (3 + 2)));
  CHECK(model.probability(Ids{2}, 1) == doctest::Approx(b));
}

TEST_CASE("[text] discounts follow from the counts of counts: Chen and Goodman, equation 26") {
  // Unigrams: 8 of count 1, 4 of count 2, 2 of count 3, 1 of count 4, so Y = 8 / 16.
  Ids text;
  std::int32_t type = 0;
  for (const auto& [count, types] : {std::pair{1, 8}, {2, 4}, {3, 2}, {4, 1}})
    for (int i = 0; i < types; ++i, ++type) text.insert(text.end(), static_cast<std::size_t>(count), type);
  const auto d = NgramModel(text, type, {1, Smoothing::kneser_ney, -1}).discounts(1, true);
  CHECK(d[0] == doctest::Approx(1 - 2 * 0.5 * 4 / 8));
  CHECK(d[1] == doctest::Approx(2 - 3 * 0.5 * 2 / 4));
  CHECK(d[2] == doctest::Approx(3 - 4 * 0.5 * 1 / 2));
}

TEST_CASE("[text] Kneser-Ney agrees with its definition, contexts running on and within lines") {
  int own_discounts = 0;
  for (unsigned seed = 0; seed < 6; ++seed)
    for (const int order : {1, 2, 3, 4})
      for (const std::int32_t line_end : {-1, 0}) {
        const Ids text = some_text(40 + 40 * seed, 6, seed);
        const NgramModel model(text, 6, {order, Smoothing::kneser_ney, line_end});
        const KneserNeyOracle oracle(text, 6, order, line_end);
        own_discounts += model.discounts(order, true) != std::array<double, 3>{0.5, 1, 1.5};
        for (const Ids& context : contexts_from(text, 6))
          for (std::int32_t token = 0; token < 6; ++token)
            CHECK(model.probability(context, token) == doctest::Approx(oracle.probability(context, token)));
      }
  CHECK(own_discounts > 0);  // or the comparison is of the constants 0.5, 1, 1.5 only
}

TEST_CASE("[text] an order's model is the same within a model of higher order") {
  const Ids text = some_text(500, 6, 1), other = some_text(200, 6, 2);
  for (const NgramOptions& options : every_kind()) {
    NgramOptions alone = options;
    const std::vector<double> all = NgramModel(text, 6, options).nats_per_token(other);
    for (alone.order = 1; alone.order <= options.order; ++alone.order)
      CHECK(NgramModel(text, 6, alone).score(other) == all[static_cast<std::size_t>(alone.order)]);
  }
}

TEST_CASE("[text] the score is the mean of -ln p of each token given all before it") {
  const Ids text = some_text(300, 6, 1), other = some_text(50, 6, 2);
  for (const NgramOptions& options : every_kind()) {
    const NgramModel model(text, 6, options);
    double nats = 0;
    for (std::size_t i = 0; i < other.size(); ++i)
      nats -= std::log(model.probability(std::span(other).first(i), other[i]));
    CHECK(model.score(other) == doctest::Approx(nats / 50).epsilon(1e-12));
    CHECK(model.nats_per_token(other)[0] == doctest::Approx(std::log(6)));
  }
}

TEST_CASE("[text] contexts within lines see nothing of the line before, running ones do") {
  const Ids text = some_text(2000, 5, 9);
  const NgramModel within(text, 5, {5, Smoothing::kneser_ney, 0});
  const NgramModel running(text, 5, {5, Smoothing::kneser_ney, -1});
  const Ids one{1, 2, 0}, other{4, 4, 0};
  bool differs = false;
  for (std::int32_t token = 0; token < 5; ++token) {
    CHECK(within.probability(one, token) == within.probability(other, token));
    CHECK(within.probability(one, token) == within.probability({}, token));
    differs |= running.probability(one, token) != running.probability(other, token);
  }
  CHECK(differs);
}

TEST_CASE("[text] longer contexts help where the text depends on them, and not where it does not") {
  const std::int32_t types = 8;
  std::mt19937 random(5);
  Ids noise, shifted;
  for (int i = 0; i < 20000; ++i) noise.push_back(static_cast<std::int32_t>(random() % types));
  for (int i = 0; i < 20000; ++i)  // each token repeats the one 3 before it, 9 times in 10
    shifted.push_back(i < 3 || random() % 10 == 0 ? static_cast<std::int32_t>(random() % types)
                                                  : shifted[static_cast<std::size_t>(i) - 3]);
  for (const Smoothing smoothing : {Smoothing::kneser_ney, Smoothing::witten_bell}) {
    const auto scores = [&](const Ids& text) {
      const std::span<const std::int32_t> all(text);
      return NgramModel(all.first(15000), types, {5, smoothing, -1}).nats_per_token(all.subspan(15000));
    };
    const auto of_noise = scores(noise);
    for (const double nats : of_noise) CHECK(nats > std::log(types) - 0.01);
    const auto of_shifted = scores(shifted);
    CHECK(of_shifted[3] > std::log(types) - 0.05);
    CHECK(of_shifted[4] < 0.7);
  }
}

TEST_CASE("[text] ids outside, orders outside and no types are refused") {
  const Ids text{0, 1, 2};
  CHECK_THROWS_WITH_AS(NgramModel(text, 2), doctest::Contains("token 2 of the text is 2"),
                       std::invalid_argument);
  CHECK_THROWS_AS(NgramModel(Ids{-1}, 2), std::invalid_argument);
  CHECK_THROWS_AS(NgramModel(Ids{}, 0), std::invalid_argument);
  for (const int order : {0, 10, -3})
    CHECK_THROWS_AS(NgramModel(text, 3, {order, Smoothing::kneser_ney, -1}), std::invalid_argument);
  CHECK_THROWS_AS(NgramModel(text, 3, {2, Smoothing::kneser_ney, 3}), std::invalid_argument);
  const NgramModel model(text, 3, {2, Smoothing::kneser_ney, -1});
  CHECK_THROWS_AS(model.probability(Ids{3}, 0), std::invalid_argument);
  CHECK_THROWS_AS(model.probability(Ids{}, 3), std::invalid_argument);
  CHECK_THROWS_AS(model.probability(Ids{}, 0, 3), std::invalid_argument);
  CHECK_THROWS_AS(model.discounts(2, false), std::invalid_argument);
  CHECK_THROWS_AS(model.nats_per_token(Ids{}), std::invalid_argument);
}
