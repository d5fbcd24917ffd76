#include "experiments/text/ngram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace unroll {

namespace {

std::int32_t checked_types(std::span<const std::int32_t> tokens, std::int32_t types) {
  if (types < 1) throw std::invalid_argument(fmt::format("[NgramModel] {} types; expected 1 or more", types));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= types)
      throw std::invalid_argument(
          fmt::format("[NgramModel] token {} of the text is {}; expected 0 to {}", i, tokens[i], types - 1));
  return types;
}

int checked_order(int order) {
  if (order < 1 || order > NgramCounts::max_order)
    throw std::invalid_argument(
        fmt::format("[NgramModel] order {}; expected 1 to {}", order, NgramCounts::max_order));
  return order;
}

std::string name_of_order(std::size_t order) {
  constexpr std::array names{"uniform", "unigram", "bigram"};
  return order < names.size() ? names[order] : fmt::format("{}-gram", order);
}

std::int32_t checked_line_end(std::int32_t line_end, std::int32_t types) {
  if (line_end < -1 || line_end >= types)
    throw std::invalid_argument(
        fmt::format("[NgramModel] line end {}; expected -1 (none) to {}", line_end, types - 1));
  return line_end;
}

bool has(const std::vector<std::int32_t>& tokens, std::int32_t id) {
  return std::find(tokens.begin(), tokens.end(), id) != tokens.end();
}

}  // namespace

NgramModel::NgramModel(std::span<const std::int32_t> train, std::int32_t types, const NgramOptions& options)
    : types_(checked_types(train, types)),
      smoothing_(options.smoothing),
      counts_(train, types, checked_order(options.order), checked_line_end(options.line_end, types)) {}

double NgramModel::mixed(const CountTable& table, std::int32_t context, std::int32_t ngram,
                         double lower) const {
  if (context == NgramCounts::none) return lower;
  const CountTable::Context& seen = table.contexts[static_cast<std::size_t>(context)];
  if (seen.total == 0) return lower;
  const auto count = ngram == NgramCounts::none ? 0 : table.ngrams[static_cast<std::size_t>(ngram)];
  const auto& [once, twice, more] = seen.types;
  if (smoothing_ == Smoothing::witten_bell) {
    const double types = static_cast<double>(once) + twice + more;
    return (count + types * lower) / (seen.total + types);
  }
  const auto& d = table.discounts;
  const double kept = count == 0 ? 0 : count - d[std::min<std::size_t>(count, 3) - 1];
  return (kept + (d[0] * once + d[1] * twice + d[2] * more) * lower) / seen.total;
}

NgramModel::Probabilities NgramModel::probabilities(const NgramCounts::Contexts& contexts,
                                                    std::int32_t token) const {
  Probabilities p{};
  p[0] = 1.0 / types_;
  double lower = p[0];
  for (int n = 1; n <= order(); ++n) {
    const auto at = static_cast<std::size_t>(n);
    const std::int32_t context = contexts[at - 1];
    const std::int32_t ngram = counts_.find(n, context, token);
    p[at] = mixed(counts_.occurrences(n), context, ngram, lower);
    if (n == order()) break;
    lower =
        smoothing_ == Smoothing::witten_bell ? p[at] : mixed(counts_.predecessors(n), context, ngram, lower);
  }
  return p;
}

double NgramModel::probability(std::span<const std::int32_t> context, std::int32_t token, int order) const {
  checked_types(context, types_);
  checked_types({&token, 1}, types_);
  if (order < -1 || order > counts_.order())
    throw std::invalid_argument(
        fmt::format("[NgramModel] order {} of a model of order {}", order, counts_.order()));
  NgramCounts::Contexts contexts = counts_.text_start();
  for (const std::int32_t id : context) counts_.advance(contexts, id);
  return probabilities(contexts, token)[static_cast<std::size_t>(order < 0 ? counts_.order() : order)];
}

std::vector<double> NgramModel::nats_per_token(std::span<const std::int32_t> tokens) const {
  checked_types(tokens, types_);
  if (tokens.empty()) throw std::invalid_argument("[NgramModel] no tokens to take a mean over");
  std::vector<double> nats(static_cast<std::size_t>(order()) + 1);
  NgramCounts::Contexts contexts = counts_.text_start();
  for (const std::int32_t token : tokens) {
    const Probabilities p = probabilities(contexts, token);
    for (std::size_t n = 0; n < nats.size(); ++n) nats[n] -= std::log(p[n]);
    counts_.advance(contexts, token);
  }
  for (double& sum : nats) sum /= static_cast<double>(tokens.size());
  return nats;
}

std::array<double, 3> NgramModel::discounts(int n, bool highest) const {
  if (n < 1 || n > order() || (!highest && n == order()))
    throw std::invalid_argument(
        fmt::format("[NgramModel] discounts of length {} in a model of order {}", n, order()));
  return (highest ? counts_.occurrences(n) : counts_.predecessors(n)).discounts;
}

NgramModel baseline_model(const Corpus& corpus, Level level) {
  const std::int32_t unknown = corpus.vocabulary.unknown();
  const bool nothing_unknown = unknown >= 0 && !has(corpus.train, unknown) && !has(corpus.valid, unknown) &&
                               !has(corpus.test, unknown);
  // A type of no count is the last one, so without it the others keep their numbers.
  const bool left_out = nothing_unknown && unknown == corpus.vocabulary.size() - 1;
  NgramOptions options;
  options.smoothing = level == Level::words ? Smoothing::kneser_ney : Smoothing::witten_bell;
  options.line_end = level == Level::words ? corpus.vocabulary.line_end() : -1;
  return NgramModel(corpus.train, corpus.vocabulary.size() - (left_out ? 1 : 0), options);
}

std::vector<NgramScore> ngram_scores(const NgramModel& model, std::span<const std::int32_t> part) {
  if (part.empty()) throw TextError("the text has no part to measure the n-gram baselines on");
  std::vector<NgramScore> scores;
  for (const double nats : model.nats_per_token(part)) scores.push_back({name_of_order(scores.size()), nats});
  return scores;
}

std::vector<NgramScore> ngram_baselines(const Corpus& corpus, Level level, Part part) {
  return ngram_scores(baseline_model(corpus, level), part == Part::valid ? corpus.valid : corpus.test);
}

}  // namespace unroll
