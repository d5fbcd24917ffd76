#include "experiments/data/source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "tests/support/any_task.hpp"

using namespace unroll;

namespace {

/// Sequences whose tokens are random and whose class is their length as it was asked for.
Generator random_tokens(Lengths lengths) {
  return {.generate =
              [](Stream& stream, std::int64_t length) {
                Tensor<std::int64_t> tokens(Shape{2 * length});
                for (std::int64_t& token : tokens.span()) token = stream.below(1'000'000);
                return Sequence{tokens, Tensor<std::int64_t>(Shape{}, length)};
              },
          .lengths = lengths,
          .steps = [](std::int64_t length) { return 2 * length; }};
}

/// Sequence i is i, i + 1, ... in `lengths[i]` steps.
class Counting final : public Dataset {
 public:
  explicit Counting(std::vector<std::int64_t> lengths) : lengths_(std::move(lengths)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(lengths_.size()); }
  std::int64_t length(std::int64_t i) const override { return lengths_[static_cast<std::size_t>(i)]; }
  bool every_step() const override { return false; }
  bool weighted() const override { return false; }
  Sequence get(std::int64_t i) const override {
    Tensor<std::int64_t> tokens(Shape{length(i)});
    std::iota(tokens.span().begin(), tokens.span().end(), i);
    return {std::move(tokens), Tensor<std::int64_t>(Shape{}, i)};
  }

 private:
  std::vector<std::int64_t> lengths_;
};

std::shared_ptr<const Dataset> counting(std::int64_t size) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < size; ++i) lengths.push_back(1 + i % 4);
  return std::make_shared<Counting>(lengths);
}

/// The indices of sequences in batches [0, batches).
std::vector<std::int64_t> order_of(const DataSource& source, std::int64_t batches, std::int64_t sequences) {
  std::vector<std::int64_t> order;
  for (std::int64_t n = 0; n < batches; ++n) {
    const Batch batch = source.batch(n, sequences);
    for (const std::int64_t i : indices(batch.target).span()) order.push_back(i);
  }
  return order;
}

/// Steps 0, 1, 2, ... with their successors as classes.
std::shared_ptr<const LongSeries> natural_numbers(std::int64_t steps, bool weights = false) {
  Tensor<std::int64_t> at(Shape{steps}), next(Shape{steps});
  std::iota(at.span().begin(), at.span().end(), 0);
  std::iota(next.span().begin(), next.span().end(), 1);
  LongSeries series{std::move(at), std::move(next)};
  if (weights) {
    series.weights.emplace(Shape{steps});
    for (std::int64_t t = 0; t < steps; ++t) (*series.weights)[t] = static_cast<float>(t % 3);
  }
  return std::make_shared<const LongSeries>(std::move(series));
}

}  // namespace

TEST_CASE("[data] a generator's batch is a function of seed, purpose and number") {
  const Generator generator = random_tokens({{3, 9}, Lengths::Drawn::per_sequence});
  const auto batch = [&](std::uint64_t seed, Purpose purpose, std::int64_t n) {
    return generated(generator, seed, purpose)->batch(n, 5);
  };
  const Batch one = batch(1, Purpose::training_data, 2);
  CHECK(same_bits(one, batch(1, Purpose::training_data, 2)));
  CHECK_FALSE(same_bits(one, batch(2, Purpose::training_data, 2)));
  CHECK_FALSE(same_bits(one, batch(1, Purpose::validation_data, 2)));
  CHECK_FALSE(same_bits(one, batch(1, Purpose::training_data, 3)));
  const auto source = generated(generator, 1, Purpose::training_data);
  source->batch(7, 5);
  CHECK(same_bits(one, source->batch(2, 5)));  // whatever was asked for before
}

TEST_CASE("[data] lengths are drawn for a batch or for each sequence, uniformly; one length takes no draw") {
  for (const auto drawn : {Lengths::Drawn::per_batch, Lengths::Drawn::per_sequence}) {
    const auto source = generated(random_tokens({{2, 5}, drawn}), 1, Purpose::check);
    CHECK(source->uneven() == (drawn == Lengths::Drawn::per_sequence));
    CHECK(source->max_steps(4) == 10);
    std::map<std::int64_t, double> counts;
    for (std::int64_t n = 0; n < 2000; ++n) {
      const Batch batch = source->batch(n, 4);
      if (drawn == Lengths::Drawn::per_batch) CHECK(batch.even());
      ++counts[batch.lengths[n % 4]];
      CHECK(batch.lengths[1] == 2 * indices(batch.target)[1]);
    }
    CHECK(counts.size() == 4);
    for (const auto& [steps, count] : counts) CHECK(std::abs(count - 500) < 5 * std::sqrt(375.0));
  }
  const auto fixed = [](Lengths::Drawn drawn) {
    return generated(random_tokens({3, drawn}), 1, Purpose::check)->batch(0, 4);
  };
  CHECK(same_bits(fixed(Lengths::Drawn::per_batch), fixed(Lengths::Drawn::per_sequence)));
  CHECK_FALSE(generated(random_tokens({3, Lengths::Drawn::per_sequence}), 1, Purpose::check)->uneven());
}

TEST_CASE("[data] lengths are drawn as often as their shares say") {
  const std::vector<double> shares = {3, 0, 1, 6, 0};
  const auto source =
      generated(random_tokens({{5, 9}, Lengths::Drawn::per_sequence, shares}), 5, Purpose::training_data);
  CHECK(source->uneven());
  std::map<std::int64_t, double> counts;
  const Batch batch = source->batch(0, 10000);
  for (const std::int64_t length : indices(batch.target).span()) ++counts[length];
  CHECK(counts.size() == 3);
  for (const auto& [length, count] : counts) {
    const double p = shares[static_cast<std::size_t>(length - 5)] / 10;
    CHECK(std::abs(count - 10000 * p) < 5 * std::sqrt(10000 * p * (1 - p)));
  }
}

TEST_CASE("[data] a fixed set is the first sequences of the endless one, its last batch what is left") {
  const Generator generator = random_tokens({{2, 5}, Lengths::Drawn::per_sequence});
  const auto all = generated(generator, 1, Purpose::validation_data);
  const auto set = generated(generator, 1, Purpose::validation_data, 23);
  CHECK_FALSE(all->size());
  CHECK(set->size() == 23);
  CHECK(same_bits(set->batch(0, 10), all->batch(0, 10)));
  CHECK(same_bits(set->batch(1, 10), all->batch(1, 10)));
  CHECK(same_bits(set->batch(2, 10), all->batch(2, 3)));
  CHECK(set->batch(0, 100).rows() == 23);
}

TEST_CASE("[data] sequences in order are each given once") {
  std::vector<std::int64_t> wanted = {4, 0, 9, 2, 7};
  const auto source = in_order(counting(12), wanted);
  CHECK(source->size() == 5);
  CHECK(order_of(*source, 3, 2) == wanted);
  CHECK(order_of(*source, 1, 100) == wanted);
  CHECK(source->batch(2, 2).rows() == 1);
  CHECK(source->max_steps(1) == 4);  // of number 7
  CHECK(source->uneven());
  CHECK_FALSE(in_order(counting(12), {1, 5, 9})->uneven());
}

TEST_CASE("[data] each pass in shuffled order covers every index once, wherever batches end") {
  std::vector<std::int64_t> wanted = {3, 1, 4, 15, 9, 2, 6};
  const std::set<std::int64_t> all(wanted.begin(), wanted.end());
  for (const std::int64_t sequences : {1, 2, 3, 7, 10, 20}) {
    CAPTURE(sequences);
    const auto source = shuffled(counting(20), wanted, 1);
    CHECK_FALSE(source->size());
    const std::vector<std::int64_t> order = order_of(*source, 35, sequences);
    for (std::size_t pass = 0; 7 * (pass + 1) <= order.size(); ++pass) {
      const auto begin = order.begin() + static_cast<std::int64_t>(7 * pass);
      CHECK(std::set<std::int64_t>(begin, begin + 7) == all);
    }
    // The order does not depend on the size of batches.
    const std::vector<std::int64_t> one_by_one =
        order_of(*source, static_cast<std::int64_t>(order.size()), 1);
    CHECK(order == one_by_one);
  }
}

TEST_CASE("[data] the orders of passes are drawn anew, uniformly, from the seed") {
  const auto source = shuffled(counting(4), {0, 1, 2, 3}, 5);
  std::map<std::vector<std::int64_t>, double> orders;
  const std::vector<std::int64_t> all = order_of(*source, 4800, 4);
  for (auto pass = all.begin(); pass != all.end(); pass += 4) ++orders[{pass, pass + 4}];
  CHECK(orders.size() == 24);
  for (const auto& [order, count] : orders) CHECK(std::abs(count - 200) < 5 * std::sqrt(200.0));
  CHECK(order_of(*source, 30, 4) == order_of(*shuffled(counting(4), {0, 1, 2, 3}, 5), 30, 4));
  CHECK(order_of(*source, 30, 4) != order_of(*shuffled(counting(4), {0, 1, 2, 3}, 6), 30, 4));
}

TEST_CASE("[data] a shuffled source can be asked for any batch in any order") {
  const auto source = shuffled(counting(5), {0, 1, 2, 3, 4}, 1);
  const Batch late = source->batch(17, 3);
  source->batch(2, 3);
  CHECK(same_bits(source->batch(17, 3), late));
  CHECK(same_bits(shuffled(counting(5), {0, 1, 2, 3, 4}, 1)->batch(17, 3), late));
}

TEST_CASE("[data] streams stand side by side, each step after the one before it in the series") {
  for (std::int64_t steps = 1; steps < 30; ++steps)
    for (std::int64_t rows = 1; rows <= std::min<std::int64_t>(steps, 7); ++rows) {
      const auto source = streams(natural_numbers(steps));
      const Batch batch = source->batch(0, rows);
      REQUIRE(batch.rows() == rows);
      REQUIRE(batch.steps() == steps / rows);  // up to one step less than rows is left out
      CHECK(batch.even());
      CHECK(source->max_steps(rows) == batch.steps());
      bool in_place = true;
      for (std::int64_t b = 0; b < rows; ++b)
        for (std::int64_t t = 0; t < batch.steps(); ++t) {
          const std::int64_t at = b * batch.steps() + t;
          in_place = in_place && indices(batch.inputs)[t * rows + b] == at &&
                     indices(batch.target)[t * rows + b] == at + 1;
        }
      CHECK(in_place);
      CHECK(same_bits(source->batch(9, rows), batch));  // each batch is one pass
    }
}

TEST_CASE("[data] a series to evaluate on has its own number of parts, once; weights go along") {
  const auto source = streams(natural_numbers(20, true), 3);
  CHECK(source->carried());
  CHECK(source->weighted());
  CHECK(source->size() == 3);
  CHECK(source->max_steps(100) == 6);
  const Batch batch = source->batch(0, 100);
  CHECK(batch.rows() == 3);
  REQUIRE(batch.weights);
  for (std::int64_t b = 0; b < 3; ++b)
    for (std::int64_t t = 0; t < 6; ++t) CHECK(batch.weight(t, b) == static_cast<float>((b * 6 + t) % 3));
  CHECK_FALSE(streams(natural_numbers(20))->size());
  CHECK_FALSE(streams(natural_numbers(20))->weighted());
}
