#include "experiments/data/scaling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "experiments/data/sequence_table.hpp"
#include "experiments/data/splits.hpp"

using namespace unroll;

TEST_CASE("[scaling] fits the rows that it is shown alone, column by column") {
  // Rows 0 and 1 train; the third is far away, and must not move anything.
  Tensor<float> rows({3, 2}, {1, 10, 3, 30, 1000, -1000});
  const Scaling standard = fit_scaling(ScalingRule::standard, rows, {{0, 2}});
  CHECK(standard.offset == std::vector<double>{2, 20});
  CHECK(standard.unit == std::vector<double>{1, 10});
  const Scaling minmax = fit_scaling(ScalingRule::minmax, rows, {{0, 2}});
  CHECK(minmax.offset == std::vector<double>{1, 10});
  CHECK(minmax.unit == std::vector<double>{2, 20});
  standard.apply(rows);
  CHECK(rows.same_bits(Tensor<float>({3, 2}, {-1, -1, 1, 1, 998, -102})));
}

TEST_CASE("[scaling] a constant column keeps its unit, and no rule changes nothing") {
  Tensor<float> rows({3, 1}, {0.1f, 0.1f, 0.1f});
  for (const ScalingRule rule : {ScalingRule::standard, ScalingRule::minmax})
    CHECK(fit_scaling(rule, rows, {{0, 3}}).unit == std::vector<double>{1});
  const Tensor<float> before = rows;
  fit_scaling(ScalingRule::none, rows, {{0, 3}}).apply(rows);
  CHECK(rows.same_bits(before));
}

TEST_CASE("[splits] a fraction has at least one entry, and all entries are in one part") {
  const PartSizes sizes = part_sizes(10, 0.25, 0.01);
  CHECK(sizes.training == 7);
  CHECK(sizes.validation == 2);
  CHECK(sizes.test == 1);
  CHECK(part_sizes(10, 0, 0).training == 10);
}

TEST_CASE("[splits] a random order holds every number once and depends on the seed alone") {
  std::vector<std::int64_t> order = random_order(100, 1);
  CHECK(order == random_order(100, 1));
  CHECK(order != random_order(100, 2));
  std::ranges::sort(order);
  std::vector<std::int64_t> all(100);
  std::iota(all.begin(), all.end(), 0);
  CHECK(order == all);
}

TEST_CASE("[splits] windows side by side cover all steps, overlapping ones are all whole") {
  CHECK(windows_in({5, 7}, 3, 3) == std::vector<Range>{{5, 3}, {8, 3}, {11, 1}});
  CHECK(windows_in({5, 4}, 3, 1) == std::vector<Range>{{5, 3}, {6, 3}});
}

TEST_CASE("[sequence table] sequences are cut out of steps, with their own targets and weights") {
  SequenceTable table{.inputs = Tensor<float>({5, 1}, {0, 1, 2, 3, 4}),
                      .target = Tensor<std::int64_t>({2}, {7, 9}),
                      .every_step = false,
                      .weights = Tensor<float>({5}, {1, 2, 3, 4, 5}),
                      .sequences = {{0, 2}, {2, 3}}};
  const auto data = dataset_of(std::make_shared<const SequenceTable>(table));
  REQUIRE(data->size() == 2);
  const Sequence second = data->get(1);
  CHECK(second.steps() == 3);
  CHECK(std::get<Tensor<float>>(second.inputs).same_bits(Tensor<float>({3, 1}, {2, 3, 4})));
  CHECK(std::get<Tensor<std::int64_t>>(second.target).same_bits(Tensor<std::int64_t>({}, {9})));
  CHECK(second.weights->same_bits(Tensor<float>({3}, {3, 4, 5})));
  CHECK(in_order(data, {0, 1})->uneven());
}
