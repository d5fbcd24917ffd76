#include "experiments/tasks/copy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> copy(const std::string& variant, std::int64_t length) {
  return standard_task({.name = "copy", .variant = variant, .length = length});
}

struct Definition {
  std::string variant;
  std::int64_t values, symbols;
};

const std::vector<Definition> definitions = {{"urnn", 8, 10}, {"5-bit", 2, 5}, {"20-bit", 5, 10}};

std::int64_t channel_at(const Batch& batch, std::int64_t t, std::int64_t b) {
  const Shape& shape = shape_of(batch.inputs);
  const float* x = numbers(batch.inputs).data() + (t * shape[1] + b) * shape[2];
  REQUIRE(std::count(x, x + shape[2], 1.f) == 1);
  REQUIRE(std::count(x, x + shape[2], 0.f) == shape[2] - 1);
  return std::find(x, x + shape[2], 1.f) - x;
}

}  // namespace

TEST_CASE(
    "[tasks] copy: symbols, blanks and a marker; the symbols are asked for at the end, behind or at the "
    "marker") {
  for (const Definition& d : definitions)
    for (std::int64_t length : {1, 2, 15}) {
      CAPTURE(d.variant);
      CAPTURE(length);
      const auto task = copy(d.variant, length);
      const std::int64_t sequences = 20, steps = length + 2 * d.symbols;
      const Batch batch = training_batch(*task, sequences);
      CHECK(shape_of(batch.inputs) == Shape{steps, sequences, d.values + 2});
      for (std::int64_t b = 0; b < sequences; ++b)
        for (std::int64_t t = 0; t < steps; ++t) {
          const std::int64_t on = channel_at(batch, t, b);
          const std::int64_t target = indices(batch.target)[t * sequences + b];
          if (t < d.symbols)
            CHECK((on >= 1 && on <= d.values));
          else
            CHECK(on == (t == length + d.symbols - (d.variant == "urnn") ? d.values + 1 : 0));
          if (t < length + d.symbols)
            CHECK(target == 0);
          else
            CHECK(target == channel_at(batch, t - length - d.symbols, b));
        }
    }
}

TEST_CASE("[tasks] copy: every symbol is as likely as any other") {
  for (const Definition& d : definitions) {
    const std::int64_t sequences = 5000;
    const Batch batch = training_batch(*copy(d.variant, 3), sequences);
    std::map<std::int64_t, int> counts;
    for (std::int64_t label : indices(batch.target).span()) ++counts[label];
    counts.erase(0);
    CHECK(std::int64_t(counts.size()) == d.values);
    const double draws = double(sequences * d.symbols), share = 1.0 / double(d.values);
    for (const auto& [symbol, count] : counts)
      CHECK(std::abs(count - draws * share) < 5 * std::sqrt(draws * share * (1 - share)));
  }
}

TEST_CASE(
    "[tasks] copy: the trivial loss is the published one and that of the memoryless strategy on samples") {
  // 10 ln 8 / (T + 20), as tabulated.
  const std::vector<std::pair<std::int64_t, double>> table = {{20, .5199},   {50, .2971},  {100, .1733},
                                                              {200, .0945},  {300, .0650}, {500, .0400},
                                                              {1000, .0204}, {2000, .0103}};
  for (const auto& [length, loss] : table)
    CHECK(std::abs(copy("urnn", length)->trivial_loss() - loss) < 6e-5);

  for (const Definition& d : definitions) {
    CAPTURE(d.variant);
    const auto task = copy(d.variant, 30);
    const Batch batch = training_batch(*task, 200);
    const std::int64_t steps = batch.steps();
    double loss = 0;
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t b = 0; b < 200; ++b) {
        const bool recall = t >= steps - d.symbols;
        const std::int64_t target = indices(batch.target)[t * 200 + b];
        // Knows the time, not the symbols: surely blank, then any symbol.
        const double probability = recall ? (target == 0 ? 0 : 1 / double(d.values)) : target == 0;
        loss -= std::log(probability);
      }
    CHECK(loss / double(indices(batch.target).numel()) ==
          doctest::Approx(task->trivial_loss()).epsilon(1e-12));
  }
}

TEST_CASE("[tasks] copy: one wrong step makes a sequence wrong") {
  const auto task = copy("urnn", 5);
  const Batch batch = training_batch(*task, 3);
  Tensor<float> outputs = right_outputs(task->spec(), batch);
  const auto wrong_sequences = [&] {
    return 3 * judged(task->spec(), batch, outputs).at("sequence_error_rate");
  };
  CHECK(wrong_sequences() == 0);
  outputs[(0 * 3 + 1) * 9 + 4] = 20;   // sequence 1, first step
  outputs[(24 * 3 + 1) * 9 + 0] = 20;  // sequence 1 again, last step
  CHECK(wrong_sequences() == doctest::Approx(1));
  CHECK(judged(task->spec(), batch, outputs).at("error_rate") == doctest::Approx(2.0 / 75));
  outputs[(24 * 3 + 2) * 9 + 0] = 20;
  CHECK(wrong_sequences() == doctest::Approx(2));
}

TEST_CASE(
    "[tasks] copy: half of the trivial loss solves urnn, less than 1 % wrong the memorisation variants") {
  const auto solved = [](const std::string& variant, double loss, double wrong) {
    return copy(variant, 100)->success().holds({{"loss", loss}, {"sequence_error_rate", wrong}});
  };
  CHECK(solved("urnn", 0.0866, 1));
  CHECK(!solved("urnn", 0.0867, 0));
  CHECK(copy("urnn", 100)->success().text.find("our rule") != std::string::npos);
  for (const std::string variant : {"5-bit", "20-bit"}) {
    CHECK(solved(variant, 9, 0.009));
    CHECK(!solved(variant, 0, 0.01));
  }
}
