#include "experiments/saved/text_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/saved/carried_net.hpp"
#include "experiments/tasks/text_task.hpp"

namespace unroll {
namespace {

/// Steps of a text at a time: rows of the readout's products.
constexpr std::size_t steps_at_a_time = 1024;
/// Candidates for a blank that are read side by side, however long the text behind it is.
constexpr std::size_t least_rows = 32;

/// Of scores that numbers can be drawn by: above all others stands one that is finite.
template <class Number>
void require_numbers(std::span<const Number> scores) {
  const auto bad = [](Number score) { return std::isnan(score) || (std::isinf(score) && score > 0); };
  const bool none = std::ranges::all_of(scores, [](Number score) { return std::isinf(score); });
  if (!none && std::ranges::none_of(scores, bad)) return;
  throw ModelError("the model's scores of the next token are not all numbers: its training diverged");
}

/// Every token that may fill a blank in.
std::vector<std::int32_t> candidates_of(const Vocabulary& vocabulary) {
  std::vector<std::int32_t> all;
  for (std::int32_t id = 0; id < vocabulary.size(); ++id)
    if (id != vocabulary.unknown() && id != vocabulary.line_end()) all.push_back(id);
  return all;
}

/// Reads the text behind a blank, behind several candidates side by side.
class Follower {
 public:
  /// `before` has read the text before the blank.
  Follower(const SavedModel& model, const CarriedNet& before, std::span<const std::int32_t> after,
           std::size_t candidates)
      : before_(before),
        rows_(std::min(candidates, std::max(least_rows, steps_at_a_time / after.size()))),
        net_(model, CarriedNet::Wanted::losses, static_cast<std::int64_t>(rows_)),
        tokens_(rows_) {
    for (const std::int32_t token : after) tokens_.insert(tokens_.end(), rows_, token);
  }

  /// So many candidates at a time.
  std::size_t rows() const { return rows_; }

  /// -ln p of the text behind each of at most rows() candidates.
  std::vector<double> nats(std::span<const std::int32_t> candidates) {
    std::ranges::copy(candidates, tokens_.begin());
    net_.go_on_from(before_);
    const std::span<const std::int32_t> read = tokens_;
    const std::size_t end = read.size() - rows_, most = std::max<std::size_t>(1, steps_at_a_time / rows_);
    std::vector<double> sums(candidates.size());
    for (std::size_t at = 0; at < end; at += most * rows_) {
      const std::size_t count = std::min(most * rows_, end - at);
      const std::span<const float> losses =
          net_.run(read.subspan(at, count), read.subspan(at + rows_, count));
      for (std::size_t i = 0; i < losses.size(); ++i)
        if (i % rows_ < sums.size()) sums[i % rows_] += static_cast<double>(losses[i]);
    }
    return sums;
  }

 private:
  const CarriedNet& before_;
  std::size_t rows_;
  CarriedNet net_;
  std::vector<std::int32_t> tokens_;  // (1 + T, rows): the candidates, then what is behind the blank
};

}  // namespace

std::vector<std::int32_t> from_start(const SavedModel& model, std::span<const std::int32_t> text) {
  std::vector<std::int32_t> read = {start_token(vocabulary_of(model))};
  read.insert(read.end(), text.begin(), text.end());
  return read;
}

std::vector<double> nats_of(const SavedModel& model, std::span<const std::int32_t> text) {
  const std::vector<std::int32_t> before = from_start(model, text.first(text.size() - !text.empty()));
  CarriedNet net(model, CarriedNet::Wanted::losses);
  std::vector<double> nats;
  for (std::size_t at = 0; at < text.size(); at += steps_at_a_time) {
    const std::size_t count = std::min(steps_at_a_time, text.size() - at);
    std::ranges::copy(net.run(std::span(before).subspan(at, count), text.subspan(at, count)),
                      std::back_inserter(nats));
  }
  const auto bad = std::ranges::find_if_not(nats, [](double one) { return std::isfinite(one); });
  if (bad == nats.end()) return nats;
  throw ModelError(fmt::format(
      "what the model gives token {} of the text, in nats, is {}, no finite number: its training diverged",
      bad - nats.begin() + 1, *bad));
}

std::vector<double> next_token(const SavedModel& model, std::span<const std::int32_t> prompt) {
  return distribution(CarriedNet(model, CarriedNet::Wanted::scores).run(from_start(model, prompt)), {});
}

std::vector<double> token_between(const SavedModel& model, std::span<const std::int32_t> before,
                                  std::span<const std::int32_t> after) {
  if (after.empty()) return next_token(model, before);
  CarriedNet net(model, CarriedNet::Wanted::scores);
  const std::span<const float> scores = net.run(from_start(model, before));
  require_numbers(scores);
  const std::vector<std::int32_t> candidates = candidates_of(vocabulary_of(model));
  Follower follower(model, net, after, candidates.size());
  // ln p but for the same number for all: the softmax's denominator is lost in the normalisation.
  std::vector<double> weights;
  for (std::size_t at = 0; at < candidates.size(); at += follower.rows()) {
    const auto some = std::span(candidates).subspan(at, std::min(follower.rows(), candidates.size() - at));
    const std::vector<double> nats = follower.nats(some);
    for (std::size_t i = 0; i < some.size(); ++i)
      weights.push_back(static_cast<double>(scores[static_cast<std::size_t>(some[i])]) - nats[i]);
  }
  require_numbers(std::span<const double>(weights));
  const double most = std::ranges::max(weights);
  for (double& weight : weights) weight = std::exp(weight - most);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> p(scores.size());
  for (std::size_t i = 0; i < candidates.size(); ++i)
    p[static_cast<std::size_t>(candidates[i])] = weights[i] / total;
  return p;
}

std::vector<double> distribution(std::span<const float> scores, const Sampling& sampling,
                                 std::int32_t never) {
  require_numbers(scores);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (never >= 0) order.erase(order.begin() + never);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::size_t kept = sampling.temperature == 0 ? std::min<std::size_t>(1, order.size()) : order.size();
  if (sampling.top_k > 0) kept = std::min(kept, static_cast<std::size_t>(sampling.top_k));
  const double divisor = sampling.temperature == 0 ? 1 : sampling.temperature;
  std::vector<double> weights(kept);
  for (std::size_t i = 0; i < kept; ++i)
    weights[i] =
        std::exp((static_cast<double>(scores[order[i]]) - static_cast<double>(scores[order[0]])) / divisor);
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (sampling.top_p < 1) {
    std::size_t enough = 0;
    for (double sum = 0; enough < kept && sum < sampling.top_p * total; ++enough) sum += weights[enough];
    weights.resize(enough);
    total = std::accumulate(weights.begin(), weights.end(), 0.0);
  }
  std::vector<double> p(scores.size());
  for (std::size_t i = 0; i < weights.size(); ++i) p[order[i]] = weights[i] / total;
  return p;
}

std::int32_t draw(std::span<const double> probabilities, Stream& stream) {
  const double u = stream.uniform();
  double sum = 0;
  std::int32_t last = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] <= 0) continue;
    last = static_cast<std::int32_t>(i);
    sum += probabilities[i];
    if (u < sum) return last;
  }
  return last;  // rounding left the sum below 1
}

}  // namespace unroll
