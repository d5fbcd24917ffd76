#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/data/slices.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;

namespace {

enum class Held { numbers, tokens };

/// Random values of so many steps, of a width; 0: one number or token a step.
Values random_values(Held kind, std::int64_t steps, std::int64_t width, std::uint64_t seed) {
  const Shape shape = width == 0 ? Shape{steps} : Shape{steps, width};
  const Tensor<float> values = random_tensor<float>(shape, seed);
  if (kind == Held::numbers) return values;
  Tensor<std::int64_t> tokens(shape);
  for (std::int64_t i = 0; i < tokens.numel(); ++i) tokens[i] = static_cast<std::int64_t>(100 * values[i]);
  return tokens;
}

struct Case {
  Held inputs, target;
  bool every_step, weights;
};

const std::vector<Case> cases = {
    {Held::numbers, Held::numbers, true, false}, {Held::numbers, Held::numbers, false, false},
    {Held::numbers, Held::tokens, true, true},   {Held::tokens, Held::tokens, true, false},
    {Held::tokens, Held::tokens, false, false},  {Held::tokens, Held::numbers, true, true}};

/// Sequences of these lengths; every other one has weights, where there are any.
std::vector<Sequence> some_sequences(const Case& c, const std::vector<std::int64_t>& lengths) {
  std::vector<Sequence> all;
  for (const std::int64_t length : lengths) {
    const std::uint64_t seed = 10 * all.size();
    const std::int64_t target_width = c.target == Held::numbers ? 2 : 0;
    Sequence one{random_values(c.inputs, length, c.inputs == Held::numbers ? 3 : 0, seed + 1),
                 random_values(c.target, length, target_width, seed + 2)};
    if (!c.every_step)
      one.target = c.target == Held::numbers
                       ? random_values(c.target, 2, 0, seed + 2)
                       : Values(Tensor<std::int64_t>(Shape{}, 7 + static_cast<std::int64_t>(seed)));
    if (c.weights && all.size() % 2 == 1) one.weights = random_tensor<float>({length}, seed + 3);
    all.push_back(std::move(one));
  }
  return all;
}

/// Element `i` of the entry at step t of sequence b, as doubles; `rows` 0: of a sequence by itself.
double element(const Values& values, std::int64_t at, std::int64_t i, std::int64_t entry) {
  return std::visit([&](const auto& tensor) { return static_cast<double>(tensor[at * entry + i]); }, values);
}

std::int64_t entry_of(const Values& values, std::size_t leading) {
  std::int64_t n = 1;
  for (std::size_t axis = leading; axis < shape_of(values).rank(); ++axis) n *= shape_of(values)[axis];
  return n;
}

/// Checks that the values of a sequence stand in column b of a batch, and zeros behind them.
void check_column(const Values& batch, const Values& one, std::int64_t b, bool by_step) {
  const Shape& shape = shape_of(batch);
  const std::int64_t rows = by_step ? shape[1] : shape[0], entry = entry_of(batch, by_step ? 2 : 1);
  REQUIRE(entry == entry_of(one, by_step ? 1 : 0));
  const std::int64_t steps = by_step ? shape_of(one)[0] : 1;
  bool same = true;
  for (std::int64_t t = 0; t < (by_step ? shape[0] : 1); ++t)
    for (std::int64_t i = 0; i < entry; ++i)
      same = same && element(batch, t * rows + b, i, entry) == (t < steps ? element(one, t, i, entry) : 0);
  CHECK(same);
}

std::string collate_refusal(std::vector<Sequence> sequences, bool every_step) {
  return error_of<std::invalid_argument>([&] { collate(sequences, every_step); });
}

}  // namespace

TEST_CASE("[data] a batch has each sequence in its column, padded with zeros behind its end") {
  for (const Case& c : cases)
    for (const std::vector<std::int64_t>& lengths :
         std::vector<std::vector<std::int64_t>>{{4}, {5, 5, 5}, {1, 7, 3, 2}, {2, 1}}) {
      const std::vector<Sequence> all = some_sequences(c, lengths);
      const Batch batch = collate(all, c.every_step);
      CHECK(batch.lengths == lengths);
      CHECK(batch.steps() == *std::ranges::max_element(lengths));
      CHECK(batch.rows() == static_cast<std::int64_t>(lengths.size()));
      CHECK(batch.even() == (std::set<std::int64_t>(lengths.begin(), lengths.end()).size() == 1));
      CHECK(batch.weights.has_value() == (c.weights && lengths.size() > 1));
      for (std::int64_t b = 0; b < batch.rows(); ++b) {
        const Sequence& one = all[static_cast<std::size_t>(b)];
        check_column(batch.inputs, one.inputs, b, true);
        check_column(batch.target, one.target, b, c.every_step);
        for (std::int64_t t = 0; t < batch.steps(); ++t)
          CHECK(batch.weight(t, b) == (t >= one.steps() ? 0 : one.weights ? (*one.weights)[t] : 1));
      }
    }
}

TEST_CASE("[data] the columns in another order are the sequences in that order") {
  for (const Case& c : cases) {
    std::vector<Sequence> all = some_sequences(c, {3, 6, 2, 5});
    const Batch batch = collate(all, c.every_step);
    std::ranges::reverse(all);
    const Batch reversed = collate(all, c.every_step);
    for (std::int64_t b = 0; b < 4; ++b) {
      Batch one, other;
      copy_rows(batch, {b, 1}, c.every_step, one);
      copy_rows(reversed, {3 - b, 1}, c.every_step, other);
      CHECK(same_bits(one, other));
    }
  }
}

TEST_CASE("[data] rows of a batch are those of its sequences, and `to` may hold something else before") {
  for (const Case& c : cases) {
    const std::vector<std::int64_t> lengths = {4, 6, 1, 6, 3};
    const std::vector<Sequence> all = some_sequences(c, lengths);
    const Batch batch = collate(all, c.every_step);
    Batch rows = collate(some_sequences(cases[0], {9, 9}), true);
    for (std::int64_t first = 0; first < 5; ++first)
      for (std::int64_t count = 1; first + count <= 5; ++count) {
        copy_rows(batch, {first, count}, c.every_step, rows);
        CHECK(rows.steps() == batch.steps());  // of the whole batch
        CHECK(rows.rows() == count);
        CHECK(rows.weights.has_value() == batch.weights.has_value());
        for (std::int64_t b = 0; b < count; ++b) {
          const auto from = static_cast<std::size_t>(first + b);
          CHECK(rows.lengths[static_cast<std::size_t>(b)] == lengths[from]);
          check_column(rows.inputs, all[from].inputs, b, true);
          check_column(rows.target, all[from].target, b, c.every_step);
          for (std::int64_t t = 0; t < rows.steps(); ++t)
            CHECK(rows.weight(t, b) == batch.weight(t, first + b));
        }
      }
  }
}

TEST_CASE("[data] steps of a batch are those of its sequences, which may have ended before them") {
  for (const Case& c : cases) {
    if (!c.every_step) continue;
    const Batch batch = collate(some_sequences(c, {4, 6, 1}), true);
    Batch steps;
    for (std::int64_t first = 0; first < 6; ++first)
      for (std::int64_t count = 1; first + count <= 6; ++count) {
        copy_steps(batch, {first, count}, steps);
        CHECK(steps.steps() == count);
        CHECK(steps.rows() == 3);
        for (std::int64_t b = 0; b < 3; ++b) {
          const std::int64_t left = batch.lengths[static_cast<std::size_t>(b)] - first;
          CHECK(steps.lengths[static_cast<std::size_t>(b)] == std::clamp<std::int64_t>(left, 0, count));
          for (std::int64_t t = 0; t < count; ++t) {
            CHECK(steps.weight(t, b) == batch.weight(first + t, b));
            const std::int64_t entry = entry_of(batch.inputs, 2);
            for (std::int64_t i = 0; i < entry; ++i)
              CHECK(element(steps.inputs, t * 3 + b, i, entry) ==
                    element(batch.inputs, (first + t) * 3 + b, i, entry));
          }
        }
      }
  }
}

TEST_CASE("[data] copies keep the memory of what they write to where its shape stays") {
  const Batch batch = collate(some_sequences(cases[2], {4, 6, 2}), true);
  Batch rows, steps;
  copy_rows(batch, {0, 2}, true, rows);
  copy_steps(batch, {0, 2}, steps);
  const float* of_rows = numbers(rows.inputs).data();
  const float* of_steps = numbers(steps.inputs).data();
  copy_rows(batch, {1, 2}, true, rows);
  copy_steps(batch, {3, 2}, steps);
  CHECK(numbers(rows.inputs).data() == of_rows);
  CHECK(numbers(steps.inputs).data() == of_steps);
  copy_rows(collate(some_sequences(cases[0], {6, 6}), true), {0, 2}, true, rows);
  CHECK_FALSE(rows.weights);  // gone with a batch that has none
}

TEST_CASE("[data] a range of an axis copied out and written back leaves a tensor as it was") {
  const Tensor<float> tensor = random_tensor<float>({3, 4, 5}, 1);
  for (std::size_t axis = 0; axis < 3; ++axis)
    for (std::int64_t first = 0; first < tensor.shape()[axis]; ++first) {
      const Range range{first, tensor.shape()[axis] - first};
      Tensor<float> part, zeroed = tensor;
      copy_range(tensor, axis, range, part);
      CHECK(part.shape()[axis] == range.count);
      const std::vector<float> nothing(static_cast<std::size_t>(part.numel()));
      write_range(nothing.data(), axis, range, zeroed);
      CHECK_FALSE(zeroed.same_bits(tensor));
      write_range(part.data(), axis, range, zeroed);
      CHECK(zeroed.same_bits(tensor));
    }
}

TEST_CASE("[data] sequences that cannot stand side by side are refused with the one that differs") {
  CHECK(collate_refusal({}, true) == "a batch of no sequences");
  std::vector<Sequence> all = some_sequences(cases[0], {3, 4, 5});
  CHECK(collate_refusal(all, true) == "(no error)");

  all[2].inputs = random_values(Held::numbers, 5, 4, 1);
  CHECK_MESSAGE(contains(collate_refusal(all, true), "sequence 2 of a batch has inputs of (5, 4)"),
                collate_refusal(all, true));
  CHECK_MESSAGE(contains(collate_refusal(all, true), "(3, 3)"), collate_refusal(all, true));
  all[2].inputs = random_values(Held::tokens, 5, 3, 1);  // another kind
  CHECK_MESSAGE(contains(collate_refusal(all, true), "sequence 2"), collate_refusal(all, true));

  all = some_sequences(cases[0], {3, 4, 5});
  all[1].target = random_values(Held::numbers, 3, 2, 1);  // a step less than the inputs
  CHECK_MESSAGE(contains(collate_refusal(all, true), "sequence 1 of a batch has a target of (3, 2), 4 steps"),
                collate_refusal(all, true));
  CHECK_MESSAGE(
      contains(collate_refusal(some_sequences(cases[0], {3, 4}), false), "sequence 1"),
      collate_refusal(some_sequences(cases[0], {3, 4}), false));  // targets of every step are not one entry
}
