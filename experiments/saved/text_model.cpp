#include "experiments/saved/text_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "experiments/saved/carried_net.hpp"
#include "experiments/tasks/text_task.hpp"

namespace unroll {
namespace {

/// Steps of a text at a time: rows of the readout's products.
constexpr std::size_t steps_at_a_time = 1024;

const Vocabulary& vocabulary_of(const SavedModel& model) {
  if (model.vocabulary) return *model.vocabulary;
  throw ModelError("this model was trained on the task " + model.config.task.name +
                   ", whose inputs are vectors: it reads no text");
}

std::vector<std::string_view> tokens_in(const SavedModel& model, std::string_view text) {
  const TaskConfig& task = model.config.task;
  const bool on_text = task.name == characters_row().name || task.name == words_row().name;
  return tokens_of(text, level_of(model), on_text ? corpus_options(task).words : Words::punctuation);
}

EncodedText encoded(const SavedModel& model, const std::vector<std::string_view>& tokens) {
  const Vocabulary& vocabulary = vocabulary_of(model);
  EncodedText text;
  std::unordered_set<std::string_view> named;
  for (const std::string_view token : tokens) {
    if (!vocabulary.contains(token) && named.insert(token).second) text.unknown.emplace_back(token);
    text.ids.push_back(vocabulary.id(token));
  }
  return text;
}

std::string_view without_last(std::string_view text, std::string_view characters) {
  return text.substr(0, text.find_last_not_of(characters) + 1);
}

/// At least two underscores are a blank; one is a character.
std::string_view without_blank(std::string_view prompt) {
  const std::string_view before = without_last(prompt, " \t\n"), rest = without_last(before, "_");
  return before.size() - rest.size() < 2 ? prompt : without_last(rest, " \t");
}

/// Of scores that numbers can be drawn by: above all others stands one that is finite.
void require_numbers(std::span<const float> scores) {
  const auto bad = [](float score) { return std::isnan(score) || (std::isinf(score) && score > 0); };
  const bool none = std::ranges::all_of(scores, [](float score) { return std::isinf(score); });
  if (!none && std::ranges::none_of(scores, bad)) return;
  throw ModelError("the model's scores of the next token are not all numbers: its training diverged");
}

}  // namespace

Level level_of(const SavedModel& model) {
  vocabulary_of(model);
  return model.config.task.name == characters_row().name ? Level::characters : Level::words;
}

EncodedText encode(const SavedModel& model, std::string_view text) {
  return encoded(model, tokens_in(model, text));
}

EncodedText encode_prompt(const SavedModel& model, std::string_view prompt) {
  const bool characters = level_of(model) == Level::characters;
  const std::string_view text = without_blank(prompt);
  std::vector<std::string_view> tokens =
      text.empty() ? std::vector<std::string_view>{} : tokens_in(model, text);
  // The line goes on behind a prompt, unless that ends it.
  if (!characters && !tokens.empty() && !text.ends_with('\n')) tokens.pop_back();
  return encoded(model, tokens);
}

std::vector<double> nats_of(const SavedModel& model, std::span<const std::int32_t> text) {
  std::vector<std::int32_t> before = {start_token(vocabulary_of(model))};
  if (!text.empty()) before.insert(before.end(), text.begin(), text.end() - 1);
  CarriedNet net(model, CarriedNet::Wanted::losses);
  std::vector<double> nats;
  for (std::size_t at = 0; at < text.size(); at += steps_at_a_time) {
    const std::size_t count = std::min(steps_at_a_time, text.size() - at);
    std::ranges::copy(net.run(std::span(before).subspan(at, count), text.subspan(at, count)),
                      std::back_inserter(nats));
  }
  return nats;
}

std::vector<double> next_token(const SavedModel& model, std::span<const std::int32_t> prompt) {
  std::vector<std::int32_t> text = {start_token(vocabulary_of(model))};
  text.insert(text.end(), prompt.begin(), prompt.end());
  return distribution(CarriedNet(model, CarriedNet::Wanted::scores).run(text), {});
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
