#include "experiments/tasks/adding.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace unroll;

namespace {

std::unique_ptr<Task> adding(const std::string& variant, std::int64_t length) {
  return make_task({.name = "adding", .variant = variant, .length = length});
}

/// One sequence as a reader of the definition would take it apart.
struct Sequence {
  std::vector<double> values, markers;
  std::vector<std::int64_t> marked;  ///< steps with marker 1
  double target;
};

std::vector<Sequence> take_apart(const Batch& batch) {
  const std::int64_t steps = batch.inputs.shape()[0], sequences = batch.inputs.shape()[1];
  std::vector<Sequence> all;
  for (std::int64_t b = 0; b < sequences; ++b) {
    Sequence sequence;
    for (std::int64_t t = 0; t < steps; ++t) {
      sequence.values.push_back(double(batch.inputs[(t * sequences + b) * 2]));
      sequence.markers.push_back(double(batch.inputs[(t * sequences + b) * 2 + 1]));
      if (sequence.markers.back() == 1) sequence.marked.push_back(t);
    }
    sequence.target = double(batch.targets[b]);
    all.push_back(sequence);
  }
  return all;
}

std::vector<Sequence> sample(const std::string& variant, std::int64_t length, std::int64_t sequences,
                             std::uint32_t index = 0) {
  Stream stream(7, Purpose::check, {index});
  return take_apart(adding(variant, length)->sample(stream, sequences));
}

bool all_within(const std::vector<double>& values, double low, double high) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v >= low && v <= high; });
}

}  // namespace

TEST_CASE("[tasks] adding, sum: one marked step in each half, target a + b") {
  for (std::int64_t length : {2, 3, 10, 25}) {
    std::set<std::int64_t> seen;
    for (const Sequence& s : sample("sum", length, 2000)) {
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

TEST_CASE("[tasks] adding, product: the sum variant's sequences with the target a b") {
  const auto sums = sample("sum", 20, 100), products = sample("product", 20, 100);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    CHECK(sums[i].values == products[i].values);
    CHECK(sums[i].marked == products[i].marked);
    const auto& s = products[i];
    CHECK(s.target == doctest::Approx(s.values[s.marked[0]] * s.values[s.marked[1]]));
  }
}

TEST_CASE("[tasks] adding, anywhere: every pair of different steps is as likely as any other") {
  const std::int64_t length = 5, sequences = 20000;
  std::vector<int> counts(25);
  for (const Sequence& s : sample("anywhere", length, sequences)) {
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
  for (std::uint32_t index = 0; index < 300; ++index)
    for (const Sequence& s : sample("hs97", 40, 20, index)) {
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
  for (std::uint32_t index = 0; index < 300; ++index)
    for (const Sequence& s : sample("pascanu", 50, 20, index)) {
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

TEST_CASE("[tasks] adding: the trivial loss is that of the best constant on samples") {
  const std::vector<std::pair<std::string, double>> published = {
      {"sum", 1.0 / 6}, {"anywhere", 1.0 / 6}, {"pascanu", 1.0 / 24}, {"product", 7.0 / 144}};
  for (const auto& [variant, loss] : published)
    CHECK(adding(variant, 40)->trivial_loss() == doctest::Approx(loss).epsilon(1e-12));
  // 1/24, but for the sequences whose first step is picked.
  CHECK(adding("hs97", 1000000)->trivial_loss() == doctest::Approx(0.95 / 24).epsilon(1e-4));

  for (const std::string variant : {"sum", "anywhere", "hs97", "pascanu", "product"}) {
    for (std::int64_t length : {11, 40}) {
      CAPTURE(variant);
      CAPTURE(length);
      const auto sequences = sample(variant, length, 100000);
      double sum = 0, squares = 0;
      for (const Sequence& s : sequences) sum += s.target;
      const double mean = sum / double(sequences.size());
      for (const Sequence& s : sequences) squares += (s.target - mean) * (s.target - mean);
      const double variance = squares / double(sequences.size());
      // The estimate's own deviation is below 0.4 %.
      CHECK(variance == doctest::Approx(adding(variant, length)->trivial_loss()).epsilon(0.015));
    }
  }
}

TEST_CASE("[tasks] adding: success and wrong sequences follow each paper's rule") {
  const auto wrong_at = [](const std::string& variant, float error) {
    const auto task = adding(variant, 40);
    Stream stream(1, Purpose::check);
    const Batch batch = task->sample(stream, 10);
    Tensor<float> outputs = batch.targets;
    for (float& output : outputs.span()) output += error;
    return task->count_wrong(batch, outputs);
  };
  for (const std::string variant : {"sum", "anywhere", "product", "hs97"}) {
    CHECK(wrong_at(variant, 0.039f) == 0);
    CHECK(wrong_at(variant, -0.041f) == 10);
  }
  CHECK(wrong_at("pascanu", 0.199f) == 0);
  CHECK(wrong_at("pascanu", -0.201f) == 10);

  const auto sum = adding("sum", 40);
  CHECK(sum->solved(0.0833, 1));
  CHECK(!sum->solved(0.0834, 0));
  CHECK(sum->success_rule() == "validation MSE below 0.0833 (half of the trivial 0.1667)");
  CHECK(adding("hs97", 40)->solved(0.001, 0));
  CHECK(!adding("hs97", 40)->solved(0.001, 0.0005));
  CHECK(adding("pascanu", 40)->solved(0.03, 0.0099));
  CHECK(!adding("pascanu", 40)->solved(0.0, 0.01));
}
