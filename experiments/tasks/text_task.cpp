#include "experiments/tasks/text_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "experiments/tasks/common.hpp"

namespace unroll {
namespace {

struct Variant {
  std::string_view name;
  Words words;
};
constexpr std::array<Variant, 1> character_variants = {{{"code points", Words::spaces}}};
constexpr std::array<Variant, 2> word_variants = {
    {{"punctuation", Words::punctuation}, {"spaces", Words::spaces}}};

/// Streams that a text is validated in: as many as have this many tokens each, so that their starts, where
/// nothing was read yet, count for little; at most `most_streams`, which is where products become fast.
constexpr std::int64_t least_stream = 1000, most_streams = 32;

double unigram_loss(const Corpus& corpus) {
  std::vector<double> counts(static_cast<std::size_t>(corpus.vocabulary.size()));
  for (const std::int32_t token : corpus.train) ++counts[static_cast<std::size_t>(token)];
  // One more of each, so that a token that the training part lacks costs something finite.
  const double total = static_cast<double>(corpus.train.size() + counts.size());
  double nats = 0;
  for (const std::int32_t token : corpus.valid)
    nats -= std::log((counts[static_cast<std::size_t>(token)] + 1) / total);
  return nats / static_cast<double>(corpus.valid.size());
}

class TextTask final : public Task {
 public:
  explicit TextTask(const TaskConfig& config)
      : corpus_(corpus_of(config)), start_(start_token(corpus_.vocabulary)) {
    const auto tokens = static_cast<std::int64_t>(corpus_.valid.size());
    validation_ =
        side_by_side(corpus_.valid, start_, std::clamp<std::int64_t>(tokens / least_stream, 1, most_streams));
    trivial_loss_ = unigram_loss(corpus_);
  }

  std::int64_t input_size() const override { return corpus_.vocabulary.size(); }
  std::int64_t output_size() const override { return corpus_.vocabulary.size(); }
  Loss loss() const override { return Loss::cross_entropy; }
  Readout readout() const override { return Readout::every_step; }
  const Vocabulary* vocabulary() const override { return &corpus_.vocabulary; }
  std::int64_t max_steps(std::int64_t sequences) const override {
    return static_cast<std::int64_t>(corpus_.train.size()) / sequences;
  }

  Batch sample(Stream&, std::int64_t sequences) const override {
    return side_by_side(corpus_.train, start_, sequences);
  }
  const Batch* validation() const override { return &validation_; }
  std::optional<Batch> test() const override {
    if (corpus_.test.empty()) return std::nullopt;
    return side_by_side(corpus_.test, start_, 1);
  }

  double trivial_loss() const override { return trivial_loss_; }
  std::int64_t count_wrong(const Batch& batch, const Tensor<float>& outputs) const override {
    require_outputs("text", outputs, {batch.steps(), batch.rows(), output_size()});
    std::int64_t wrong = 0;
    for (std::int64_t b = 0; b < batch.rows(); ++b) wrong += !right(batch, outputs, b);
    return wrong;
  }
  bool solved(double validation_loss, double) const override { return validation_loss < trivial_loss_; }
  std::string success_rule() const override {
    return fmt::format("validation loss below {:.4f} nats per token (the tokens' frequencies)",
                       trivial_loss_);
  }
  bool ends_when_solved() const override { return false; }

 private:
  bool right(const Batch& batch, const Tensor<float>& outputs, std::int64_t b) const {
    for (std::int64_t i = b; i < batch.classes.numel(); i += batch.rows())
      if (!is_right(outputs.data() + i * output_size(), output_size(), batch.classes[i])) return false;
    return true;
  }

  Corpus corpus_;
  std::int32_t start_;
  Batch validation_;
  double trivial_loss_ = 0;
};

std::unique_ptr<Task> make(const TaskConfig& config) { return std::make_unique<TextTask>(config); }

NamedText named(const TextFile& file) {
  if (file.empty()) return {};
  if (!file.problem.empty()) throw TextError(file.problem);
  if (!file.content)
    throw TextError(fmt::format(
        "there is no file \"{}\" (looked for beside the config file and in the current folder)", file.path));
  return {file.path, *file.content};
}

}  // namespace

TaskRow characters_row() {
  return {"characters",
          "predict the next character of a text of your own (task.text)",
          "Sutskever, Martens, Hinton 2011; Karpathy 2015, char-rnn",
          variant_names(character_variants),
          make,
          true};
}

TaskRow words_row() {
  return {"words",
          "predict the next word of a text of your own (task.text)",
          "Mikolov et al. 2010, Recurrent neural network based language model",
          variant_names(word_variants),
          make,
          true};
}

CorpusOptions corpus_options(const TaskConfig& config) {
  const bool words = config.name == words_row().name;
  if (!words && config.name != characters_row().name)
    throw std::invalid_argument(fmt::format("the task {} has no text", config.name));
  CorpusOptions options;
  options.level = words ? Level::words : Level::characters;
  options.words = words ? find_variant(word_variants, config).words : Words::spaces;
  options.valid_fraction = config.validation_fraction;
  options.test_fraction = config.test_fraction;
  options.min_count = config.min_count;
  options.max_size = config.vocabulary;
  return options;
}

Corpus corpus_of(const TaskConfig& config) {
  if (config.text.empty())
    throw TextError(fmt::format("the task {} learns from a text: give its file as task.text", config.name));
  Corpus corpus = make_corpus(corpus_options(config), named(config.text), named(config.validation_text),
                              named(config.test_text));
  if (corpus.valid.empty())
    throw TextError(
        "nothing to validate on: give task.validation_text, or a task.validation_fraction above 0");
  return corpus;
}

std::int32_t start_token(const Vocabulary& vocabulary) {
  if (vocabulary.line_end() >= 0) return vocabulary.line_end();
  for (const std::string_view token : {"\n", " "})
    if (vocabulary.contains(token)) return vocabulary.id(token);
  return 0;
}

Batch side_by_side(std::span<const std::int32_t> text, std::int32_t start, std::int64_t streams) {
  const std::int64_t steps = static_cast<std::int64_t>(text.size()) / streams;
  Batch batch;
  batch.tokens = Tensor<std::int64_t>({steps, streams});
  batch.classes = Tensor<std::int64_t>({steps, streams});
  for (std::int64_t b = 0; b < streams; ++b)
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t at = b * steps + t;
      batch.tokens[t * streams + b] = at == 0 ? start : text[static_cast<std::size_t>(at - 1)];
      batch.classes[t * streams + b] = text[static_cast<std::size_t>(at)];
    }
  return batch;
}

}  // namespace unroll
