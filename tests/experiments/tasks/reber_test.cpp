#include "experiments/tasks/reber.hpp"

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

constexpr std::string_view reber_letters = "BTPSXVE";

/// Reber's graph as it is drawn: from each node the letters that leave it, and where they lead.
const std::vector<std::map<char, int>> graph = {{{'B', 1}},
                                                {{'T', 2}, {'P', 3}},
                                                {{'S', 2}, {'X', 4}},
                                                {{'T', 3}, {'V', 5}},
                                                {{'X', 3}, {'S', 6}},
                                                {{'P', 4}, {'V', 6}},
                                                {{'E', 7}}};

/// The letters that may follow `read`, which is the start of an embedded string; none when it is whole; "?"
/// when it is no such start. By parsing it: frame, graph, frame.
std::string letters_after(const std::string& read) {
  const std::size_t n = read.size();
  if (n == 0) return "B";
  if (read[0] != 'B') return "?";
  if (n == 1) return "TP";
  if (read[1] != 'T' && read[1] != 'P') return "?";
  int node = 0;
  for (std::size_t i = 2; i < n; ++i) {
    if (node == 7) {  // behind the inner string
      if (i + 2 < n || read[i] != read[1]) return "?";
      return i + 1 == n ? "E" : (read[n - 1] == 'E' ? "" : "?");
    }
    const auto branch = graph[static_cast<std::size_t>(node)].find(read[i]);
    if (branch == graph[static_cast<std::size_t>(node)].end()) return "?";
    node = branch->second;
  }
  if (node == 7) return std::string(1, read[1]);
  std::string next;
  for (const auto& [letter, to] : graph[static_cast<std::size_t>(node)]) next += letter;
  return next;
}

std::unique_ptr<Task> reber(LengthRange length, const std::string& outputs = "softmax") {
  TaskConfig config{.name = "reber", .length = length};
  config.values["task.outputs"] = outputs;
  return standard_task(config);
}

std::unique_ptr<Task> continual(std::int64_t length, const std::string& outputs = "softmax") {
  TaskConfig config{.name = "continual_reber", .length = length};
  config.values["task.outputs"] = outputs;
  return standard_task(config);
}

/// What sequence b reads and, last, what is to come behind it; checks that inputs are one-hot and targets say
/// one symbol comes.
std::string string_of(const Batch& batch, std::int64_t b) {
  std::string read;
  std::int64_t comes = 0;
  for (std::int64_t t = 0; t < batch.lengths[static_cast<std::size_t>(b)]; ++t) {
    const float* x = numbers(batch.inputs).data() + (t * batch.rows() + b) * 7;
    const float* y = numbers(batch.target).data() + (t * batch.rows() + b) * 7;
    REQUIRE(std::count(x, x + 7, 1.f) == 1);
    REQUIRE(std::count(x, x + 7, 0.f) == 6);
    REQUIRE(std::count(y, y + 7, float(NextSymbol::comes)) == 1);
    const std::int64_t symbol = std::find(x, x + 7, 1.f) - x;
    if (t > 0) REQUIRE(symbol == comes);
    comes = std::find(y, y + 7, float(NextSymbol::comes)) - y;
    read += reber_letters[static_cast<std::size_t>(symbol)];
  }
  return read + reber_letters[static_cast<std::size_t>(comes)];
}

std::set<char> possible_at(const Batch& batch, std::int64_t t, std::int64_t b) {
  std::set<char> all;
  for (std::int64_t k = 0; k < 7; ++k)
    if (numbers(batch.target)[(t * batch.rows() + b) * 7 + k] != float(NextSymbol::impossible))
      all.insert(reber_letters[static_cast<std::size_t>(k)]);
  return all;
}

std::set<char> set_of(const std::string& text) { return {text.begin(), text.end()}; }

/// The mean over steps of what knows the number of steps and the frequencies found there.
double measured_trivial_loss(const Batch& batch, bool logistic) {
  std::map<std::size_t, std::map<char, double>> counts;
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    const std::string all = string_of(batch, b);
    for (std::size_t t = 1; t < all.size(); ++t) ++counts[t][all[t]];
  }
  double loss = 0, steps = 0;
  for (const auto& [t, symbols] : counts) {
    double there = 0;
    for (const auto& [letter, count] : symbols) there += count;
    for (const auto& [letter, count] : symbols)
      loss += logistic ? count * (1 - count / there) / 7 : -count * std::log(count / there);
    steps += there;
  }
  return loss / steps;
}

}  // namespace

TEST_CASE("[tasks] reber: the parser of this test takes what the grammar makes and nothing else") {
  for (const std::string good : {"BTBTXSETE", "BPBPVVEPE", "BTBTSSXXTTVPSETE", "BPBPVPXVVEPE"})
    CHECK(letters_after(good).empty());
  for (const std::string bad : {"BTBTXSEPE", "BTBTXSETT", "BTBTXSETEE", "TTBTXSETE", "BTBPXSETE"})
    CHECK(letters_after(bad) == "?");
  CHECK(set_of(letters_after("BTBT")) == set_of("SX"));
  CHECK(letters_after("BTBTXSE") == "T");
  CHECK(letters_after("BTBTXSET") == "E");
}

TEST_CASE("[tasks] reber: strings are those of the grammar, targets what the parser says may come") {
  const Batch batch = training_batch(*reber({9, 100}), 2000);
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    const std::string all = string_of(batch, b);
    CHECK(letters_after(all).empty());
    CHECK(all.size() >= 9);
    for (std::size_t t = 1; t < all.size(); ++t)
      CHECK(possible_at(batch, static_cast<std::int64_t>(t) - 1, b) ==
            set_of(letters_after(all.substr(0, t))));
  }
}

TEST_CASE("[tasks] reber: every branch is taken half of the time, in strings of whatever length") {
  std::map<std::string, std::map<char, double>> taken;  // at the places that two letters leave
  const Batch batch = training_batch(*reber({9, 100}), 20000);
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    const std::string all = string_of(batch, b);
    for (std::size_t t = 1; t < all.size(); ++t) {
      const std::string next = letters_after(all.substr(0, t));
      if (next.size() == 2) ++taken[next][all[t]];
    }
  }
  CHECK(taken.size() == 5);  // TP of the frame, PT, TV, PV, and SX at two nodes
  for (const auto& [next, counts] : taken) {
    double both = 0;
    for (const auto& [letter, count] : counts) both += count;
    for (const auto& [letter, count] : counts) CHECK(std::abs(count - both / 2) < 5 * std::sqrt(both / 4));
  }
}

TEST_CASE("[tasks] reber: lengths are as frequent as in the grammar, up to the longest; one length is kept") {
  // By the graph: BTXSE and BPVVE have five letters, so a quarter of a quarter of all twice, and so on.
  std::map<std::size_t, double> expected;
  const auto walk = [&](const auto& self, const std::string& read, double p) -> void {
    if (read.size() > 12) return;
    const std::string next = letters_after(read);
    if (next.empty()) expected[read.size()] += p;
    for (const char letter : next) self(self, read + letter, p / static_cast<double>(next.size()));
  };
  walk(walk, "", 1);
  double in_range = 0;
  for (const auto& [length, p] : expected) in_range += p;
  std::map<std::size_t, double> found;
  const std::int64_t sequences = 20000;
  const Batch batch = training_batch(*reber({9, 12}), sequences);
  for (const std::int64_t steps : batch.lengths) ++found[static_cast<std::size_t>(steps) + 1];
  CHECK(expected.size() == 4);
  CHECK(found.size() == 4);
  for (const auto& [length, p] : expected) {
    const double mean = sequences * p / in_range;
    CHECK(std::abs(found[length] - mean) < 5 * std::sqrt(mean));
  }
  for (const std::int64_t length : {9, 13, 60, 300}) {
    const Batch test = reber({9, 100})->test_at(length, 30)->batch(0, 30);
    for (std::int64_t b = 0; b < 30; ++b) {
      CHECK(string_of(test, b).size() == static_cast<std::size_t>(length));
      CHECK(letters_after(string_of(test, b)).empty());
    }
  }
}

TEST_CASE("[tasks] reber: the trivial loss is what frequencies by number of steps cost on samples") {
  for (const LengthRange length : {LengthRange{9, 100}, LengthRange{11}, LengthRange{10, 13}})
    for (const bool logistic : {false, true}) {
      CAPTURE(length.least);
      const auto task = reber(length, logistic ? "logistic" : "softmax");
      CHECK(measured_trivial_loss(training_batch(*task, 30000), logistic) ==
            doctest::Approx(task->trivial_loss()).epsilon(0.005));
    }
  for (const bool logistic : {false, true}) {
    const auto task = continual(40, logistic ? "logistic" : "softmax");
    CHECK(measured_trivial_loss(training_batch(*task, 20000), logistic) ==
          doctest::Approx(task->trivial_loss()).epsilon(0.005));
  }
}

TEST_CASE("[tasks] continual reber: whole strings one behind the other, and what may come in each") {
  const auto task = continual(400);
  const Batch batch = training_batch(*task, 50);
  std::int64_t whole = 0;
  for (std::int64_t b = 0; b < batch.rows(); ++b) {
    const std::string all = string_of(batch, b);
    CHECK(all.size() == 401);
    std::string current(1, all[0]);
    for (std::size_t t = 1; t < all.size(); ++t) {
      if (letters_after(current).empty()) {
        ++whole;
        current.clear();
      }
      CHECK(possible_at(batch, static_cast<std::int64_t>(t) - 1, b) == set_of(letters_after(current)));
      current += all[t];
      REQUIRE(letters_after(current) != "?");
    }
  }
  CHECK(whole > 50 * 20);  // of 11 or 12 letters in the mean
}

TEST_CASE("[tasks] reber: an answer is right when all that may come stand above all that cannot") {
  const std::string outputs_are[] = {"softmax", "logistic"};
  for (const std::string& outputs : outputs_are) {
    const auto task = reber(9, outputs);
    const Batch batch = training_batch(*task, 1);
    const auto wrong = [&](const auto& change) {
      Tensor<float> y = numbers(batch.target);
      for (float& x : y.span()) x = x == 0 ? -1.f : 1.f;
      change(y);
      return judged(task->spec(), batch, y).at("error_rate") * 8;
    };
    CHECK(wrong([](Tensor<float>&) {}) == 0);
    // Step 0, behind B, where T and P may come: B is as high as they are, or P is as low as B.
    CHECK(wrong([](Tensor<float>& y) { y[0] = 1; }) == doctest::Approx(1));
    CHECK(wrong([](Tensor<float>& y) { y[0] = 0.99f; }) == 0);
    CHECK(wrong([](Tensor<float>& y) { y[2] = -1; }) == doctest::Approx(1));
    CHECK(wrong([](Tensor<float>& y) { y[2] = std::nanf(""); }) == doctest::Approx(1));
    CHECK(task->success().holds({{"error_rate", 0}}));
    CHECK_FALSE(task->success().holds({{"error_rate", 1e-5}}));
  }
}
