#include "experiments/tasks/marked_numbers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> marked(const std::string& name, const std::string& variant, std::int64_t length) {
  return standard_task({.name = name, .variant = variant, .length = length});
}

std::unique_ptr<Task> adding(const std::string& variant, std::int64_t length) {
  return marked("adding", variant, length);
}

/// One sequence as a reader of the definition would take it apart.
struct Parts {
  std::vector<double> values, markers;
  std::vector<std::int64_t> marked;  ///< steps with marker 1
  double target;
};

std::vector<Parts> take_apart(const Batch& batch) {
  const Tensor<float>& inputs = numbers(batch.inputs);
  std::vector<Parts> all;
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    Parts parts;
    for (std::int64_t t = 0; t < batch.steps(); ++t) {
      parts.values.push_back(double(inputs[(t * batch.rows() + b) * 2]));
      parts.markers.push_back(double(inputs[(t * batch.rows() + b) * 2 + 1]));
      if (parts.markers.back() == 1) parts.marked.push_back(t);
    }
    parts.target = double(numbers(batch.target)[b]);
    all.push_back(parts);
  }
  return all;
}

std::vector<Parts> sample(const Task& task, std::int64_t sequences, std::int64_t n = 0) {
  return take_apart(training_batch(task, sequences, n));
}

std::vector<Parts> sample(const std::string& variant, std::int64_t length, std::int64_t sequences,
                          std::int64_t n = 0) {
  return sample(*adding(variant, length), sequences, n);
}

bool all_within(const std::vector<double>& values, double low, double high) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v >= low && v <= high; });
}

}  // namespace

TEST_CASE("[tasks] adding, sum: one marked step in each half, target a + b") {
  for (std::int64_t length : {2, 3, 10, 25}) {
    std::set<std::int64_t> seen;
    for (const Parts& s : sample("sum", length, 2000)) {
      REQUIRE(s.marked.size() == 2);
      CHECK(s.marked[0] < length / 2);
      CHECK(s.marked[1] >= length / 2);
      CHECK(s.target == doctest::Approx(s.values[s.marked[0]] + s.values[s.marked[1]]));
      CHECK(all_within(s.values, 0, 1));
      seen.insert(s.marked.begin(), s.marked.end());
    }
    CHECK(std::int64_t(seen.size()) == length);
  }
}

TEST_CASE("[tasks] multiplication: the adding problem's sequences with the target a b") {
  const auto of = [](const std::string& name) { return sample(*marked(name, "pascanu", 20), 100); };
  const auto means = of("adding"), products = of("multiplication");
  for (std::size_t i = 0; i < means.size(); ++i) {
    CHECK(means[i].values == products[i].values);
    CHECK(means[i].marked == products[i].marked);
    const Parts& s = products[i];
    REQUIRE(s.marked.size() == 2);
    CHECK(s.target ==
          doctest::Approx(s.values[std::size_t(s.marked[0])] * s.values[std::size_t(s.marked[1])]));
  }
}

TEST_CASE("[tasks] multiplication, hs97: ends marked -1, and a first step that is picked counts 1") {
  const auto task = marked("multiplication", "hs97", 40);
  std::set<std::size_t> lengths;
  int first_picked = 0;
  for (std::int64_t n = 0; n < 300; ++n)
    for (const Parts& s : sample(*task, 20, n)) {
      lengths.insert(s.values.size());
      CHECK(s.markers.front() == -1);
      CHECK(s.markers.back() == -1);
      CHECK(all_within(s.values, 0, 1));
      double product = 1;
      for (std::int64_t t : s.marked) {
        CHECK(t < 20);
        product *= s.values[std::size_t(t)];
      }
      if (s.marked.size() == 1) {
        ++first_picked;
        CHECK(s.values.front() == 1);
      } else {
        REQUIRE(s.marked.size() == 2);
        CHECK(s.marked[0] < 10);
      }
      CHECK(s.target == doctest::Approx(product));
    }
  CHECK(lengths == std::set<std::size_t>{40, 41, 42, 43, 44});
  const double expected = 6000 * (0.1 + 0.9 / 19);
  CHECK(std::abs(first_picked - expected) < 5 * std::sqrt(expected));
}

TEST_CASE("[tasks] adding, anywhere: every pair of different steps is as likely as any other") {
  const std::int64_t length = 5, sequences = 20000;
  std::vector<int> counts(25);
  for (const Parts& s : sample("anywhere", length, sequences)) {
    REQUIRE(s.marked.size() == 2);
    ++counts[std::size_t(s.marked[0] * length + s.marked[1])];
  }
  for (std::int64_t i = 0; i < length; ++i)
    for (std::int64_t j = i + 1; j < length; ++j)
      CHECK(std::abs(counts[std::size_t(i * length + j)] - 2000) < 5 * std::sqrt(1800.0));
}

TEST_CASE("[tasks] adding, hs97: ends marked -1, X1 in the first ten, X2 in the first half, target scaled") {
  std::set<std::size_t> lengths;
  int first_picked = 0;
  for (std::int64_t n = 0; n < 300; ++n)
    for (const Parts& s : sample("hs97", 40, 20, n)) {
      lengths.insert(s.values.size());
      CHECK(s.markers.front() == -1);
      CHECK(s.markers.back() == -1);
      CHECK(all_within(s.values, -1, 1));
      double sum = 0;
      for (std::int64_t t : s.marked) {
        CHECK(t < 20);
        sum += s.values[std::size_t(t)];
      }
      if (s.marked.size() == 1) {  // the very first step was picked: its value counts 0
        ++first_picked;
        CHECK(s.values.front() == 0);
      } else {
        REQUIRE(s.marked.size() == 2);
        CHECK(s.marked[0] < 10);
      }
      CHECK(s.target == doctest::Approx(0.5 + sum / 4));
    }
  CHECK(lengths == std::set<std::size_t>{40, 41, 42, 43, 44});
  const double expected = 6000 * (0.1 + 0.9 / 19);
  CHECK(std::abs(first_picked - expected) < 5 * std::sqrt(expected));
}

TEST_CASE(
    "[tasks] adding, pascanu: first tenth, then up to the middle, target the mean, length in [T, 1.1 T)") {
  std::set<std::size_t> lengths;
  for (std::int64_t n = 0; n < 300; ++n)
    for (const Parts& s : sample("pascanu", 50, 20, n)) {
      const auto length = std::int64_t(s.values.size());
      lengths.insert(s.values.size());
      REQUIRE(s.marked.size() == 2);
      CHECK(s.marked[0] < length / 10);
      CHECK(s.marked[1] >= length / 10);
      CHECK(s.marked[1] < length / 10 + 4 * length / 10);
      CHECK(s.target ==
            doctest::Approx((s.values[std::size_t(s.marked[0])] + s.values[std::size_t(s.marked[1])]) / 2));
    }
  CHECK(lengths == std::set<std::size_t>{50, 51, 52, 53, 54});
}

TEST_CASE("[tasks] adding, multiplication: the trivial loss is that of the best constant on samples") {
  const std::vector<std::pair<std::string, double>> published = {
      {"sum", 1.0 / 6}, {"anywhere", 1.0 / 6}, {"pascanu", 1.0 / 24}};
  for (const auto& [variant, loss] : published)
    CHECK(adding(variant, 40)->trivial_loss() == doctest::Approx(loss).epsilon(1e-12));
  CHECK(marked("multiplication", "pascanu", 40)->trivial_loss() == doctest::Approx(7.0 / 144).epsilon(1e-12));
  // 1/24, but for the sequences whose first step is picked.
  CHECK(adding("hs97", 1000000)->trivial_loss() == doctest::Approx(0.95 / 24).epsilon(1e-4));

  for (const std::string name : {"adding", "multiplication"})
    for (const std::string& variant : find_task(standard_tasks(), name)->variants)
      for (std::int64_t length : {11, 40}) {
        CAPTURE(name);
        CAPTURE(variant);
        CAPTURE(length);
        const auto task = marked(name, variant, length);
        const auto sequences = sample(*task, 100000);
        double sum = 0, squares = 0;
        for (const Parts& s : sequences) sum += s.target;
        const double mean = sum / double(sequences.size());
        for (const Parts& s : sequences) squares += (s.target - mean) * (s.target - mean);
        const double variance = squares / double(sequences.size());
        // The estimate's own deviation is below 0.4 %.
        CHECK(variance == doctest::Approx(task->trivial_loss()).epsilon(0.015));
      }
}

TEST_CASE("[tasks] adding, multiplication: success and wrong answers follow each paper's rule") {
  const auto wrong_at = [](const std::string& name, const std::string& variant, float error) {
    const auto task = marked(name, variant, 40);
    const Batch batch = training_batch(*task, 10);
    Tensor<float> outputs = numbers(batch.target);
    for (float& output : outputs.span()) output += error;
    return judged(task->spec(), batch, outputs).at("error_rate");
  };
  for (const auto& [name, variant] : std::vector<std::pair<std::string, std::string>>{
           {"adding", "sum"}, {"adding", "anywhere"}, {"adding", "hs97"}, {"multiplication", "hs97"}}) {
    CHECK(wrong_at(name, variant, 0.039f) == 0);
    CHECK(wrong_at(name, variant, -0.041f) == 1);
  }
  for (const std::string name : {"adding", "multiplication"}) {
    CHECK(wrong_at(name, "pascanu", 0.199f) == 0);
    CHECK(wrong_at(name, "pascanu", -0.201f) == 1);
  }

  const auto solved = [](const Task& task, double loss, double error_rate, double mean_error = 0) {
    return task.success().holds({{"loss", loss}, {"error_rate", error_rate}, {"mae", mean_error}});
  };
  const auto sum = adding("sum", 40);
  CHECK(solved(*sum, 0.0833, 1));
  CHECK(!solved(*sum, 0.0834, 0));
  CHECK(sum->success().text == "MSE below 0.0833 (half of the trivial 0.1667)");
  CHECK(solved(*adding("hs97", 40), 0.001, 0));
  CHECK(!solved(*adding("hs97", 40), 0.001, 0.0005));
  CHECK(solved(*adding("hs97", 40), 0.001, 0, 0.0099));
  CHECK(!solved(*adding("hs97", 40), 0.001, 0, 0.01));
  CHECK(solved(*adding("pascanu", 40), 0.03, 0.0099));
  CHECK(!solved(*adding("pascanu", 40), 0.0, 0.01));
  const auto product = marked("multiplication", "hs97", 40);
  CHECK(solved(*product, 1, 12.0 / 2000));
  CHECK(!solved(*product, 0, 13.0 / 2000));
}
