#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experiments/text/corpus.hpp"
#include "experiments/text/ngram_counts.hpp"

namespace unroll {

/// How the counts of an order are mixed with the next lower order's probability.
enum class Smoothing {
  /// Interpolated modified Kneser-Ney (Chen and Goodman 1998, section 3): of a count of 1, 2 or more than 2
  /// the discount D1, D2 or D3+ of that order is kept back, and below the highest order an n-gram counts the
  /// different tokens that came before it. Discounts follow from the counts of counts; where these give none
  /// between 0 and the count (a small text) they are 0.5, 1 and 1.5.
  kneser_ney,
  /// p(w|h) = (c(hw) + T(h) p(w|h')) / (c(h) + T(h)), T(h) the different tokens seen after h (Witten and Bell
  /// 1991, method C, interpolated). It needs no held-out text and no counts of counts, which the few types of
  /// a character model do not give.
  witten_bell
};

struct NgramOptions {
  int order = 5;  ///< tokens in the longest n-gram, 1 to 9
  Smoothing smoothing = Smoothing::kneser_ney;
  /// Contexts begin at this token at the earliest, and the text's start counts as one; -1: they run on.
  std::int32_t line_end = -1;
};

/// n-gram models of every order from 0 (uniform) to `order`, from one set of counts. At every order the
/// uniform distribution over the types stands below the unigrams, so every probability is positive.
class NgramModel {
 public:
  /// @param train ids below `types`
  /// @throws std::invalid_argument for an id or line end outside, no types or an order outside 1 to 9
  NgramModel(std::span<const std::int32_t> train, std::int32_t types, const NgramOptions& options = {});

  int order() const { return counts_.order(); }
  std::int32_t types() const { return types_; }

  /// p(token | context) of the model of this order (-1: the highest), `context` being all that came before,
  /// from the text's start.
  double probability(std::span<const std::int32_t> context, std::int32_t token, int order = -1) const;

  /// Mean of -ln p over a text from its start, for the models of order 0, 1, ... order().
  /// @throws std::invalid_argument for no tokens, or one outside
  std::vector<double> nats_per_token(std::span<const std::int32_t> tokens) const;

  /// The same for the model of the highest order.
  double score(std::span<const std::int32_t> tokens) const { return nats_per_token(tokens).back(); }

  /// D1, D2 and D3+ of n-grams of length n: as the highest order, or below a higher one.
  std::array<double, 3> discounts(int n, bool highest) const;

 private:
  using Probabilities = std::array<double, NgramCounts::max_order + 1>;
  Probabilities probabilities(const NgramCounts::Contexts& contexts, std::int32_t token) const;
  double mixed(const CountTable& table, std::int32_t context, std::int32_t ngram, double lower) const;

  std::int32_t types_;
  Smoothing smoothing_;
  NgramCounts counts_;
};

/// The figure of one baseline.
struct NgramScore {
  std::string name;  ///< "uniform", "unigram", "bigram", "3-gram", ...
  double nats_per_token = 0;
};

/// The baselines' model of a corpus: Kneser-Ney for words, Witten-Bell for characters. Its types are those
/// that any part of the corpus has: "<unk>" is none where nothing is unknown.
NgramModel baseline_model(const Corpus& corpus, Level level);

/// Scores of every order on a part of the corpus.
/// @throws TextError if the part is empty
std::vector<NgramScore> ngram_scores(const NgramModel& model, std::span<const std::int32_t> part);

enum class Part { valid, test };

/// Both in one: the uniform distribution and the unigram to 5-gram models of the training part on another.
std::vector<NgramScore> ngram_baselines(const Corpus& corpus, Level level, Part part);

}  // namespace unroll
