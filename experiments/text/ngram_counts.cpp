#include "experiments/text/ngram_counts.hpp"

#include <algorithm>
#include <cstddef>

namespace unroll {

namespace {

constexpr std::size_t index(std::int32_t number) { return static_cast<std::size_t>(number); }

void add(CountTable::Context& context, std::uint32_t count) {
  if (count == 0) return;
  context.total += count;
  ++context.types[std::min<std::uint32_t>(count, 3) - 1];
}

void sum_contexts(CountTable& table, const PairIndex& ngrams, std::size_t contexts) {
  table.contexts.assign(contexts, {});
  ngrams.for_each([&](std::int32_t context, std::int32_t, std::int32_t ngram) {
    add(table.contexts[index(context)], table.ngrams[index(ngram)]);
  });
}

/// Chen and Goodman 1998, eq. 26, from how many n-grams have a count of 1, 2, 3 and 4.
std::array<double, 3> discounts_of(const std::vector<std::uint32_t>& counts) {
  std::array<double, 5> having{};
  for (const std::uint32_t count : counts)
    if (count < having.size()) ++having[count];
  const double y = having[1] / (having[1] + 2 * having[2]);
  std::array<double, 3> discounts{};
  for (std::size_t c = 1; c <= 3; ++c) {
    const double count = static_cast<double>(c);
    discounts[c - 1] = count - (count + 1) * y * having[c + 1] / having[c];
    // Not so, or no number, where a text is too small to have some count. Discounts of nothing leave tokens
    // that were never seen after a context without probability, discounts of everything forget what was seen.
    if (!(discounts[c - 1] > 0 && discounts[c - 1] < count)) return {0.5, 1, 1.5};
  }
  return discounts;
}

/// An n-gram that nothing came before keeps its own count.
void count_starts(std::vector<std::uint32_t>& predecessors, const std::vector<std::uint32_t>& occurrences) {
  for (std::size_t i = 0; i < predecessors.size(); ++i)
    if (predecessors[i] == 0) predecessors[i] = occurrences[i];
}

}  // namespace

NgramCounts::NgramCounts(std::span<const std::int32_t> tokens, std::int32_t types, int order,
                         std::int32_t line_end)
    : line_end_(line_end), orders_(static_cast<std::size_t>(order)) {
  for (std::int32_t type = 0; type < types; ++type) orders_[0].index.insert(0, type);
  orders_[0].occurrences.ngrams.resize(index(types));
  std::vector<std::int32_t> numbers(tokens.size(), 0);
  for (int n = 1; n <= order; ++n) count(tokens, n, numbers);

  std::size_t contexts = 1;
  for (Order& counted : orders_) {
    const bool highest = &counted == &orders_.back();
    sum_contexts(counted.occurrences, counted.index, contexts);
    counted.occurrences.discounts = discounts_of(counted.occurrences.ngrams);
    if (!highest) {
      count_starts(counted.predecessors.ngrams, counted.occurrences.ngrams);
      sum_contexts(counted.predecessors, counted.index, contexts);
      counted.predecessors.discounts = discounts_of(counted.predecessors.ngrams);
    }
    contexts = index(counted.index.size());
  }
}

/// `numbers`: of the (n - 1)-gram that ends at each token; becomes that of the n-gram that ends there.
void NgramCounts::count(std::span<const std::int32_t> tokens, int n, std::vector<std::int32_t>& numbers) {
  Order& order = orders_[index(n - 1)];
  CountTable* shorter = n > 1 ? &orders_[index(n - 2)].predecessors : nullptr;
  if (shorter) shorter->ngrams.resize(index(orders_[index(n - 2)].index.size()));
  std::vector<std::uint32_t>& counts = order.occurrences.ngrams;
  std::int32_t context = text_start()[index(n - 1)];
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::int32_t suffix = numbers[i];
    numbers[i] = context == none ? none : order.index.insert(context, tokens[i]);
    if (numbers[i] != none) {
      if (index(numbers[i]) == counts.size()) {
        counts.push_back(0);
        if (shorter) ++shorter->ngrams[index(suffix)];
      }
      ++counts[index(numbers[i])];
    }
    context = n > 2 && tokens[i] == line_end_ ? none : suffix;
  }
}

NgramCounts::Contexts NgramCounts::text_start() const {
  Contexts contexts;
  contexts.fill(none);
  contexts[0] = 0;
  if (line_end_ >= 0) contexts[1] = line_end_;
  return contexts;
}

void NgramCounts::advance(Contexts& contexts, std::int32_t token) const {
  // Contexts that began before a line end are n-grams too, but nothing was counted after them.
  for (int n = order() - 1; n >= 1; --n) contexts[index(n)] = find(n, contexts[index(n - 1)], token);
}

std::int32_t NgramCounts::find(int n, std::int32_t context, std::int32_t token) const {
  return context == none ? none : orders_[index(n - 1)].index.find(context, token);
}

}  // namespace unroll
