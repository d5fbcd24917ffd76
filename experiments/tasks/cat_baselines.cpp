#include <cmath>

#include "experiments/tasks/cat.hpp"
#include "experiments/text/ngram.hpp"

namespace unroll {
namespace {

// Of the task cat: enough that the counts of n-grams are as good as they get.
constexpr std::int64_t sentences_to_count = 5000, sentences_to_score = 500;

/// The mean of -ln p of the places, which stand two tokens before each line's end.
std::vector<Baseline> of_places(const Corpus& corpus, const NgramModel& model) {
  std::vector<Baseline> all;
  for (const NgramScore& score : ngram_scores(model, corpus.valid)) all.push_back({score.name, 0});
  const std::span<const std::int32_t> text = corpus.valid;
  for (std::size_t at = 2; at < text.size(); ++at) {
    if (text[at] != corpus.vocabulary.line_end()) continue;
    for (std::size_t order = 0; order < all.size(); ++order)
      all[order].validation_loss -=
          std::log(model.probability(text.first(at - 2), text[at - 2], static_cast<int>(order)));
  }
  for (Baseline& one : all) one.validation_loss /= static_cast<double>(sentences_to_score);
  return all;
}

}  // namespace

std::vector<Baseline> cat_baselines(std::int64_t between, bool whole_sentence) {
  Stream training(0, Purpose::training_data), validation(0, Purpose::validation_data);
  CorpusOptions options;
  options.level = Level::words;
  const Corpus corpus =
      make_corpus(options, {"the training sentences", cat_text(training, sentences_to_count, between)},
                  {"the validation sentences", cat_text(validation, sentences_to_score, between)});
  const NgramModel model = baseline_model(corpus, Level::words);
  if (!whole_sentence) return of_places(corpus, model);
  std::vector<Baseline> all;
  for (const NgramScore& score : ngram_scores(model, corpus.valid))
    all.push_back({score.name, score.nats_per_token});
  return all;
}

}  // namespace unroll
