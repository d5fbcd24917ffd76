#include "experiments/objectives/label_decoding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "experiments/objectives/label_sequences.hpp"
#include "framework/autodiff/ctc.hpp"
#include "framework/random/stream.hpp"

using namespace unroll;

namespace {

using Labels = std::vector<std::int64_t>;

StepScores random_scores(std::int64_t steps, std::int64_t outputs, std::uint64_t seed) {
  Stream stream(seed, Purpose::check);
  std::vector<float> logits;
  for (std::int64_t i = 0; i < steps * outputs; ++i)
    logits.push_back(static_cast<float>(2 * stream.normal()));
  return {logits, outputs};
}

/// The probability of everything that can be said, by going through all K^T paths.
std::map<Labels, double> all_probabilities(const StepScores& scores) {
  std::map<Labels, double> all;
  const auto paths = static_cast<std::int64_t>(std::llround(std::pow(scores.outputs, scores.steps())));
  for (std::int64_t number = 0; number < paths; ++number) {
    Labels path;
    double log_p = 0;
    for (std::int64_t t = 0, left = number; t < scores.steps(); ++t, left /= scores.outputs) {
      const std::int64_t output = left % scores.outputs;
      path.push_back(output == scores.blank() ? no_label : output);
      log_p += scores.at(t, output);
    }
    all[said_by(path)] += std::exp(log_p);
  }
  return all;
}

/// From the definition, without memory.
std::int64_t slow_distance(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  if (a.empty() || b.empty()) return static_cast<std::int64_t>(a.size() + b.size());
  const std::int64_t replaced = slow_distance(a.subspan(1), b.subspan(1)) + (a[0] != b[0]);
  return std::min({replaced, slow_distance(a.subspan(1), b) + 1, slow_distance(a, b.subspan(1)) + 1});
}

}  // namespace

TEST_CASE("[decoding] repetitions are merged and then blanks removed, in this order") {
  constexpr std::int64_t blank = no_label;
  CHECK(said_by(Labels{}).empty());
  CHECK(said_by(Labels{blank, blank}).empty());
  CHECK(said_by(Labels{0, 0, 0}) == Labels{0});
  CHECK(said_by(Labels{0, blank, 0}) == Labels{0, 0});
  CHECK(said_by(Labels{blank, 1, 1, blank, 2, 1}) == Labels{1, 2, 1});
}

TEST_CASE("[decoding] the edit distance is that of its definition") {
  CHECK(edit_distance(Labels{}, Labels{}) == 0);
  CHECK(edit_distance(Labels{1, 2, 3}, Labels{}) == 3);
  CHECK(edit_distance(Labels{1, 2, 3}, Labels{1, 3}) == 1);
  Stream stream(1, Purpose::check);
  for (int i = 0; i < 50; ++i) {
    Labels a(static_cast<std::size_t>(stream.below(6))), b(static_cast<std::size_t>(stream.below(6)));
    for (Labels* one : {&a, &b})
      for (std::int64_t& label : *one) label = stream.below(3);
    CHECK(edit_distance(a, b) == slow_distance(a, b));
    CHECK(edit_distance(a, b) == edit_distance(b, a));
  }
}

TEST_CASE("[decoding] the nats of labels are those of the sum over all paths") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const StepScores scores = random_scores(5, 3, seed);
    double sum = 0;
    for (const auto& [labels, probability] : all_probabilities(scores)) {
      CHECK(nats_of_labels(scores, labels) == doctest::Approx(-std::log(probability)).epsilon(1e-10));
      sum += probability;
    }
    CHECK(sum == doctest::Approx(1));
    CHECK(std::isinf(nats_of_labels(scores, Labels{0, 0, 0, 0})));
  }
}

TEST_CASE("[decoding] a beam that keeps everything finds the likeliest labels; one of 1 need not") {
  int greedy_is_worse = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const StepScores scores = random_scores(5, 3, seed);
    const std::map<Labels, double> all = all_probabilities(scores);
    const auto best = std::ranges::max_element(all, {}, [](const auto& one) { return one.second; });
    CHECK(beam_labels(scores, 10'000) == best->first);
    CHECK(all.at(beam_labels(scores, 8)) >= all.at(greedy_labels(scores)) - 1e-12);
    greedy_is_worse += greedy_labels(scores) != best->first;
  }
  CHECK(greedy_is_worse > 0);  // else the beam was not needed anywhere
}

TEST_CASE("[decoding] where one output is sure at every step, all ways to decode say the same") {
  std::vector<float> logits;
  for (const std::int64_t output : {3, 0, 0, 3, 0, 2, 2, 3})
    for (std::int64_t k = 0; k < 4; ++k) logits.push_back(k == output ? 20.f : 0.f);
  const StepScores scores(logits, 4);
  const Labels expected = {0, 0, 2};
  CHECK(greedy_labels(scores) == expected);
  CHECK(beam_labels(scores, 1) == expected);
  CHECK(beam_labels(scores, 50) == expected);
  CHECK(nats_of_labels(scores, expected) < 1e-6);
  const std::vector<LabelSteps> steps = aligned(scores, expected);
  REQUIRE(steps.size() == 3);
  const std::vector<std::pair<std::int64_t, std::int64_t>> places = {{1, 2}, {4, 4}, {5, 6}};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(steps[i].first == places[i].first);
    CHECK(steps[i].last == places[i].second);
    CHECK(steps[i].probability == doctest::Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("[decoding] labels are aligned in their order, and not where they need more steps") {
  const StepScores scores = random_scores(9, 4, 5);
  const Labels labels = {1, 1, 0, 2};
  const std::vector<LabelSteps> steps = aligned(scores, labels);
  REQUIRE(steps.size() == labels.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CHECK(steps[i].first <= steps[i].last);
    if (i > 0) CHECK(steps[i].first > steps[i - 1].last);
    CHECK((steps[i].probability > 0 && steps[i].probability <= 1));
  }
  CHECK(steps[1].first > steps[0].last + 1);  // a blank stands between two that are alike
  CHECK(aligned(random_scores(3, 4, 5), labels).empty());
}
