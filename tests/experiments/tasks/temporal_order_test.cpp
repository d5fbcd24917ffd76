#include "experiments/tasks/temporal_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> order(const std::string& variant, std::int64_t length) {
  return standard_task({.name = "temporal_order", .variant = variant, .length = length});
}

/// The channel that is on at each step of each sequence; every step must be one-hot.
std::vector<std::vector<std::int64_t>> symbols_of(const Batch& batch) {
  const Shape& shape = shape_of(batch.inputs);
  std::vector<std::vector<std::int64_t>> all(static_cast<std::size_t>(shape[1]));
  bool one_hot = true;
  for (std::int64_t t = 0; t < shape[0]; ++t)
    for (std::int64_t b = 0; b < shape[1]; ++b) {
      const float* x = numbers(batch.inputs).data() + (t * shape[1] + b) * shape[2];
      const std::int64_t on = std::find(x, x + shape[2], 1.f) - x;
      one_hot &= std::count(x, x + shape[2], 1.f) == 1 && std::count(x, x + shape[2], 0.f) == shape[2] - 1;
      all[static_cast<std::size_t>(b)].push_back(on);
    }
  REQUIRE(one_hot);
  return all;
}

struct Window {
  std::int64_t low, high;  ///< [low, high)
};

/// Checks positions, class and uniformity of `variant` on samples.
void check_variant(const std::string& variant, std::int64_t length, const std::vector<Window>& windows) {
  CAPTURE(variant);
  const auto task = order(variant, length);
  const std::int64_t sequences = 8000;
  const Batch batch = training_batch(*task, sequences);
  const auto symbols = symbols_of(batch);
  std::map<std::int64_t, int> classes, noise;
  std::vector<std::set<std::int64_t>> positions(windows.size());
  for (std::size_t b = 0; b < symbols.size(); ++b) {
    std::int64_t expected = 0;
    std::size_t found = 0;
    for (std::int64_t t = 0; t < std::int64_t(symbols[b].size()); ++t) {
      const std::int64_t symbol = symbols[b][std::size_t(t)];
      if (symbol >= 2) {
        ++noise[symbol];
        continue;
      }
      REQUIRE(found < windows.size());
      CHECK(t >= windows[found].low);
      CHECK(t < windows[found].high);
      positions[found].insert(t);
      expected += symbol << found;
      ++found;
    }
    CHECK(found == windows.size());
    CHECK(indices(batch.target)[std::int64_t(b)] == expected);
    ++classes[expected];
  }
  for (std::size_t k = 0; k < windows.size(); ++k)
    CHECK(std::int64_t(positions[k].size()) == windows[k].high - windows[k].low);
  const double share = 1.0 / double(task->spec().output_size);
  CHECK(std::int64_t(classes.size()) == task->spec().output_size);
  for (const auto& [label, count] : classes)
    CHECK(std::abs(count - double(sequences) * share) < 5 * std::sqrt(double(sequences) * share));
  const double noise_steps = double(noise[2] + noise[3] + noise[4] + noise[5]);
  for (std::int64_t c = 2; c < 6; ++c)
    CHECK(std::abs(noise[c] - noise_steps / 4) < 5 * std::sqrt(noise_steps * 3 / 16));
}

}  // namespace

TEST_CASE("[tasks] temporal order: symbols stand in their windows and make the class") {
  check_variant("2-symbol", 40, {{4, 8}, {20, 24}});
  check_variant("2-symbol", 10, {{1, 2}, {5, 6}});
  check_variant("2-symbol", 25, {{2, 4}, {12, 14}});
  check_variant("3-symbol", 40, {{4, 8}, {12, 16}, {24, 28}});
  check_variant("hs97", 100, {{10, 21}, {50, 61}});
}

TEST_CASE("[tasks] temporal order, hs97: start and end are marked and the length varies") {
  const auto task = order("hs97", 30);
  std::set<std::size_t> lengths;
  for (std::int64_t n = 0; n < 100; ++n) {
    for (const auto& symbols : symbols_of(training_batch(*task, 5, n))) {
      lengths.insert(symbols.size());
      CHECK(symbols.front() == 6);
      CHECK(symbols.back() == 7);
      CHECK(std::count(symbols.begin(), symbols.end(), 6) == 1);
      CHECK(std::count(symbols.begin(), symbols.end(), 7) == 1);
    }
  }
  CHECK(lengths == std::set<std::size_t>{30, 31, 32, 33});
  CHECK(task->training(1)->max_steps(1) == 33);
}

TEST_CASE("[tasks] temporal order: the trivial loss is that of the best constant on samples") {
  CHECK(order("2-symbol", 20)->trivial_loss() == doctest::Approx(1.3863).epsilon(1e-4));
  CHECK(order("3-symbol", 20)->trivial_loss() == doctest::Approx(2.0794).epsilon(1e-4));
  for (const std::string variant : {"2-symbol", "3-symbol", "hs97"}) {
    const auto task = order(variant, 20);
    const std::int64_t sequences = 50000;
    const Batch batch = training_batch(*task, sequences);
    // The best constant predicts the frequencies; its loss is their entropy.
    std::vector<double> counts(std::size_t(task->spec().output_size));
    for (std::int64_t label : indices(batch.target).span()) ++counts[std::size_t(label)];
    double entropy = 0;
    for (double count : counts) entropy -= count / sequences * std::log(count / sequences);
    CHECK(entropy == doctest::Approx(task->trivial_loss()).epsilon(1e-3));
    // Chance: a constant answer is wrong for all classes but one.
    Tensor<float> outputs({sequences, task->spec().output_size});
    for (std::int64_t b = 0; b < sequences; ++b) outputs[b * task->spec().output_size] = 10;
    CHECK(judged(task->spec(), batch, outputs).at("error_rate") ==
          doctest::Approx(1 - 1.0 / double(task->spec().output_size)).epsilon(0.02));
  }
}

TEST_CASE("[tasks] temporal order: a tie is wrong, and hs97 asks for every output within 0.3") {
  const auto wrong = [](const std::string& variant, std::vector<float> scores_of_class_0) {
    const auto task = order(variant, 20);
    const Batch batch{Tensor<float>({1, 1, 8}), Tensor<std::int64_t>({1}), {1}};  // its class is 0
    const Tensor<float> scores({1, 4}, std::span<const float>(scores_of_class_0));
    return judged(task->spec(), batch, scores).at("error_rate");
  };
  CHECK(wrong("2-symbol", {1, 0.9f, 0, 0}) == 0);
  CHECK(wrong("2-symbol", {1, 1, 0, 0}) == 1);
  CHECK(wrong("hs97", {std::log(0.71f), std::log(0.27f), std::log(0.01f), std::log(0.01f)}) == 0);
  CHECK(wrong("hs97", {std::log(0.69f), std::log(0.29f), std::log(0.01f), std::log(0.01f)}) == 1);
}

TEST_CASE("[tasks] temporal order: less than 1 % wrong is solved") {
  const auto solved = [](const std::string& variant, double loss, double wrong) {
    return order(variant, 20)->success().holds({{"loss", loss}, {"error_rate", wrong}});
  };
  CHECK(solved("2-symbol", 9, 0.0099));
  CHECK(!solved("2-symbol", 0, 0.01));
  CHECK(solved("hs97", 0.09, 0));
  CHECK(!solved("hs97", 0.11, 0));
  CHECK(!solved("hs97", 0.09, 0.001));
}

TEST_CASE(
    "[tasks] random permutation: the first symbol is 0 or 1 and the class, the others are none of them") {
  const auto task = standard_task({.name = "random_permutation", .variant = "", .length = 12});
  const std::int64_t sequences = 4000;
  const Batch batch = training_batch(*task, sequences);
  std::vector<int> counts(100);
  const auto all = symbols_of(batch);
  for (std::size_t b = 0; b < all.size(); ++b) {
    REQUIRE(all[b].size() == 12);
    CHECK(all[b].front() < 2);
    CHECK(indices(batch.target)[std::int64_t(b)] == all[b].front());
    CHECK(std::all_of(all[b].begin() + 1, all[b].end(), [](std::int64_t symbol) { return symbol >= 2; }));
    for (const std::int64_t symbol : all[b]) ++counts[std::size_t(symbol)];
  }
  for (const std::size_t first : {0u, 1u}) CHECK(std::abs(counts[first] - 2000) < 5 * std::sqrt(1000.0));
  const double each = 11.0 * sequences / 98;
  for (std::size_t symbol = 2; symbol < 100; ++symbol)
    CHECK(std::abs(counts[symbol] - each) < 5 * std::sqrt(each));
  CHECK(shape_of(training_batch(*standard_task({.name = "random_permutation", .length = 1}), 3).inputs) ==
        Shape{1, 3, 100});
}

TEST_CASE("[tasks] random permutation: solved below 1 % wrong, and an answer that knows the two has ln 2") {
  const auto task = standard_task({.name = "random_permutation", .length = 5});
  const Batch batch = training_batch(*task, 20000);
  Tensor<float> outputs({20000, 100}, -50.f);
  for (std::int64_t b = 0; b < 20000; ++b) outputs[b * 100] = outputs[b * 100 + 1] = 0;
  const MetricValues values = judged(task->spec(), batch, outputs);
  CHECK(task->trivial_loss() == doctest::Approx(std::log(2.0)).epsilon(1e-12));
  CHECK(values.at("loss") == doctest::Approx(task->trivial_loss()).epsilon(1e-6));
  CHECK(values.at("error_rate") == 1);  // a tie is no answer
  CHECK(!task->success().holds(values));
  CHECK(task->success().holds({{"error_rate", 0.0099}}));
  CHECK(!task->success().holds({{"error_rate", 0.01}}));
}

TEST_CASE("[tasks] temporal order, logistic: targets of 1 and 0 for the class, errors of 0.3 or of a half") {
  for (const std::string variant : {"2-symbol", "3-symbol", "hs97"}) {
    CAPTURE(variant);
    TaskConfig config{.name = "temporal_order", .variant = variant, .length = 20};
    const Batch classes = training_batch(*standard_task(config), 5000);
    config.values["task.outputs"] = std::string("logistic");
    const auto task = standard_task(config);
    const Batch batch = training_batch(*task, 5000);
    const std::int64_t outputs = task->spec().output_size;
    CHECK(same_bits(batch.inputs, classes.inputs));
    for (std::int64_t b = 0; b < batch.rows(); ++b)
      for (std::int64_t k = 0; k < outputs; ++k)
        CHECK(numbers(batch.target)[b * outputs + k] == float(indices(classes.target)[b] == k));
    const auto of = [&](float of_class, float of_others) {
      Tensor<float> answers = numbers(batch.target);
      for (float& x : answers.span()) x = logit(x == 1 ? of_class : of_others);
      return judged(task->spec(), batch, answers);
    };
    const float within = variant == "hs97" ? 0.3f : 0.5f;
    CHECK(of(1 - within + 0.01f, within - 0.01f).at("error_rate") == 0);
    CHECK(of(1 - within - 0.01f, 0).at("error_rate") == 1);
    CHECK(of(1, within + 0.01f).at("error_rate") == 1);
    const auto share = 1 / static_cast<float>(outputs);
    CHECK(of(share, share).at("loss") == doctest::Approx(task->trivial_loss()).epsilon(1e-5));
    if (variant != "hs97") continue;
    CHECK(task->success().holds({{"mae", 0.09}, {"error_rate", 0}}));
    CHECK_FALSE(task->success().holds({{"mae", 0.1}, {"error_rate", 0}}));
    CHECK_FALSE(task->success().holds({{"mae", 0.09}, {"error_rate", 0.001}}));
  }
}
