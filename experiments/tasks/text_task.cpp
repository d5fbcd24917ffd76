#include "experiments/tasks/text_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/text/ngram.hpp"

namespace unroll {
namespace {

struct TextVariant {
  std::string_view name;
  Words words;
};
constexpr std::array<TextVariant, 1> character_variants = {{{"code points", Words::spaces}}};
constexpr std::array<TextVariant, 2> word_variants = {
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

/// Errors begin with the setting: it says where the file was named.
NamedText named(const TaskConfig& config, const OptionSpec& row) {
  const auto& file = config.get<InputFile>(row);
  if (file.empty()) return {};
  try {
    return {file.path, checked_text(content_of(file), file.path)};
  } catch (const std::runtime_error& error) {  // ConfigError, TextError
    throw TextError(fmt::format("{}: {}", row.key, error.what()));
  }
}

CorpusOptions corpus_options(const TaskConfig& config) {
  const Tokenisation tokens = tokenisation_of(config);
  CorpusOptions options;
  options.level = tokens.level;
  options.words = tokens.words;
  options.valid_fraction = config.get<double>(data_options::validation_fraction);
  options.test_fraction = config.get<double>(data_options::test_fraction);
  options.min_count = config.get<std::int64_t>(text_options::min_count);
  options.max_size = config.get<std::int64_t>(text_options::vocabulary);
  return options;
}

Corpus corpus_of(const TaskConfig& config) {
  const auto text = [&](const OptionSpec& row) { return named(config, row); };
  if (config.get<InputFile>(text_options::text).empty())
    throw TextError(fmt::format("the task {} learns from a text: give its file as task.text", config.name));
  Corpus corpus = make_corpus(corpus_options(config), text(text_options::text),
                              text(text_options::validation_text), text(text_options::test_text));
  if (corpus.valid.empty())
    throw TextError(
        "nothing to validate on: give task.validation_text, or a task.validation_fraction above 0");
  return corpus;
}

/// Each token from all before it, the first one from `start`.
std::shared_ptr<const LongSeries> series_of(std::span<const std::int32_t> text, std::int32_t start) {
  const Shape shape{static_cast<std::int64_t>(text.size())};
  Tensor<std::int64_t> before(shape), tokens(shape);
  for (std::int64_t t = 0; t < tokens.numel(); ++t) {
    before[t] = t == 0 ? start : text[static_cast<std::size_t>(t - 1)];
    tokens[t] = text[static_cast<std::size_t>(t)];
  }
  return std::make_shared<const LongSeries>(LongSeries{std::move(before), std::move(tokens)});
}

TaskSpec spec_of(const Corpus& corpus, Level level) {
  return {.inputs = InputKind::tokens,
          .input_size = corpus.vocabulary.size(),
          .output_size = corpus.vocabulary.size(),
          .readout = Readout::every_step,
          .objective = cross_entropy_objective(),
          .answer = level == Level::characters ? "character" : "word"};
}

std::string unknown_share(std::string_view part, std::int64_t unknown, std::size_t tokens) {
  return fmt::format(
      "{} {} ({:.2f} % unknown)", tokens, part,
      100 * static_cast<double>(unknown) / static_cast<double>(std::max<std::size_t>(tokens, 1)));
}

class TextTask final : public Task {
 public:
  explicit TextTask(const TaskConfig& config)
      : level_(tokenisation_of(config).level),
        corpus_(corpus_of(config)),
        spec_(spec_of(corpus_, level_)),
        trivial_loss_(unigram_loss(corpus_)) {
    const std::int32_t start = start_token(corpus_.vocabulary);
    train_ = series_of(corpus_.train, start);
    validation_ = series_of(corpus_.valid, start);
    if (!corpus_.test.empty()) test_ = series_of(corpus_.test, start);
  }

  const TaskSpec& spec() const override { return spec_; }
  std::unique_ptr<DataSource> training(std::uint64_t) const override { return streams(train_); }
  std::unique_ptr<DataSource> validation(std::int64_t) const override {
    return streams(validation_,
                   std::clamp<std::int64_t>(validation_->steps() / least_stream, 1, most_streams));
  }
  std::unique_ptr<DataSource> test(std::int64_t) const override {
    return test_ ? streams(test_, 1) : nullptr;
  }

  double trivial_loss() const override { return trivial_loss_; }
  SuccessRule success() const override {
    return {{{"loss", Condition::Relation::below, trivial_loss_}},
            fmt::format("loss below {:.4f} nats per {} (their frequencies)", trivial_loss_, spec_.answer)};
  }
  bool ends_when_solved() const override { return false; }
  const Vocabulary* vocabulary() const override { return &corpus_.vocabulary; }

  /// Uniform to 5-gram: interpolated modified Kneser-Ney of words, Witten-Bell of characters, counted on the
  /// training part.
  std::vector<Baseline> baselines() const override {
    const NgramModel model = baseline_model(corpus_, level_);
    std::vector<Baseline> all;
    for (const NgramScore& score : ngram_scores(model, corpus_.valid))
      all.push_back({score.name, score.nats_per_token});
    if (corpus_.test.empty()) return all;
    const std::vector<NgramScore> test = ngram_scores(model, corpus_.test);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].test_loss = test[i].nats_per_token;
    return all;
  }

  std::string description() const override {
    std::string text =
        fmt::format("{} in the vocabulary; {}, {}", corpus_.vocabulary.size(),
                    unknown_share("to train on", corpus_.unknown_train, corpus_.train.size()),
                    unknown_share("to validate on", corpus_.unknown_valid, corpus_.valid.size()));
    if (test_) text += ", " + unknown_share("to test on", corpus_.unknown_test, corpus_.test.size());
    return text;
  }

 private:
  Level level_;
  Corpus corpus_;
  TaskSpec spec_;
  double trivial_loss_;
  std::shared_ptr<const LongSeries> train_, validation_, test_;  ///< the last one null without such a part
};

TaskRow row_of(std::string name, std::string summary, std::string source, std::vector<std::string> variants) {
  using namespace text_options;
  return {.name = std::move(name),
          .summary = std::move(summary),
          .source = std::move(source),
          .variants = std::move(variants),
          .length = std::nullopt,
          .inputs = InputKind::tokens,
          .carried = true,
          .options = {text, validation_text, test_text, data_options::validation_fraction,
                      data_options::test_fraction, min_count, vocabulary},
          .use = [](const TaskConfig&) { return ModelUse{"generate"}; },
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<TextTask>(config);
          }};
}

}  // namespace

namespace text_options {
const OptionSpec text = {"task.text", InputFile{}, "the file to learn from"};
const OptionSpec validation_text = {
    "task.validation_text", InputFile{},
    "file to validate on; none: the part of task.text behind the training part"};
const OptionSpec test_text = {
    "task.test_text", InputFile{},
    "file to test the best model on; none: the last part of task.text, if it has a fraction"};
const OptionSpec min_count = {"task.min_count", std::int64_t{1},
                              "times that a token must stand in the training text; rarer ones become <unk>",
                              from_to(1, 1e9)};
const OptionSpec vocabulary = {"task.vocabulary", std::int64_t{0},
                               "most frequent tokens that are kept, the others become <unk>; 0: all",
                               from_to(0, 1e7)};
}  // namespace text_options

TaskRow characters_row() {
  return row_of("characters", "predict the next character of a text of your own (task.text)",
                "Sutskever, Martens, Hinton 2011; Karpathy 2015, char-rnn",
                variant_names(character_variants));
}

TaskRow words_row() {
  return row_of("words", "predict the next word of a text of your own (task.text)",
                "Mikolov et al. 2010, Recurrent neural network based language model",
                variant_names(word_variants));
}

Tokenisation tokenisation_of(const TaskConfig& config) {
  if (config.name == "characters") return {Level::characters, Words::spaces};
  if (config.name == "words") return {Level::words, find_variant(word_variants, config).words};
  throw std::invalid_argument(fmt::format("the task {} has no text", config.name));
}

std::int32_t start_token(const Vocabulary& vocabulary) {
  if (vocabulary.line_end() >= 0) return vocabulary.line_end();
  for (const std::string_view token : {"\n", " "})
    if (vocabulary.contains(token)) return vocabulary.id(token);
  return 0;
}

}  // namespace unroll
