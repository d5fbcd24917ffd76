#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "experiments/text/pair_index.hpp"

namespace unroll {

/// Counts of the n-grams of one length, and their sums over the tokens that follow each context.
struct CountTable {
  /// What followed a context: how often in all, and how many types 1 time, 2 times, more often.
  struct Context {
    std::uint32_t total = 0;
    std::array<std::uint32_t, 3> types{};
  };

  std::vector<std::uint32_t> ngrams;
  std::vector<Context> contexts;
  std::array<double, 3> discounts{};  ///< D1, D2, D3+ (modified Kneser-Ney)
};

/// Every n-gram of a text up to a length, numbered per length from 0. An n-gram is a pair: the number of its
/// first n - 1 tokens (its context) and its last token; a unigram's number is its token.
class NgramCounts {
 public:
  static constexpr int max_order = 9;
  static constexpr std::int32_t none = -1;

  /// Numbers of the last 0, 1, 2 ... tokens of a text as n-grams; `none` where the text had no such n-gram.
  using Contexts = std::array<std::int32_t, max_order>;

  /// @param line_end see NgramOptions
  NgramCounts(std::span<const std::int32_t> tokens, std::int32_t types, int order, std::int32_t line_end);

  int order() const { return static_cast<int>(orders_.size()); }
  Contexts text_start() const;
  void advance(Contexts& contexts, std::int32_t token) const;

  /// The number of the n-gram (context, token), or `none`.
  std::int32_t find(int n, std::int32_t context, std::int32_t token) const;

  /// How often n-grams of length n occurred.
  const CountTable& occurrences(int n) const { return orders_[static_cast<std::size_t>(n - 1)].occurrences; }
  /// How many different tokens came before them; of an n-gram that nothing came before (at a text's or a
  /// line's start), how often it occurred.
  const CountTable& predecessors(int n) const {
    return orders_[static_cast<std::size_t>(n - 1)].predecessors;
  }

 private:
  struct Order {
    PairIndex index;
    CountTable occurrences;
    CountTable predecessors;  // of the highest order: empty
  };
  void count(std::span<const std::int32_t> tokens, int n, std::vector<std::int32_t>& shorter);

  std::int32_t line_end_;
  std::vector<Order> orders_;
};

}  // namespace unroll
