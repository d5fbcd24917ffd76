#include "experiments/tasks/cat.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"
#include "experiments/text/vocabulary.hpp"

namespace unroll {
namespace {

constexpr std::array<SubjectAndPlace, 8> subjects = {{{"cat", "mat"},
                                                      {"dog", "rug"},
                                                      {"hen", "nest"},
                                                      {"frog", "log"},
                                                      {"king", "throne"},
                                                      {"owl", "branch"},
                                                      {"judge", "bench"},
                                                      {"rider", "horse"}}};
constexpr std::array<std::string_view, 16> adverbs = {
    "again", "alone", "calmly", "gladly",  "here",  "just",    "later", "meekly",
    "now",   "often", "once",   "quietly", "still", "somehow", "then",  "today"};
constexpr std::array<std::string_view, 3> verb = {"sat", "on", "the"};
constexpr auto least_between = static_cast<std::int64_t>(verb.size());

struct CatVariant {
  std::string_view name;
  bool whole_sentence;
};
constexpr std::array<CatVariant, 2> cat_variants = {{{"sentence", true}, {"place", false}}};

std::vector<std::string_view> sentence(Stream& stream, std::int64_t between) {
  const auto& [subject, place] = subjects[static_cast<std::size_t>(stream.between(0, subjects.size()))];
  std::vector<std::string_view> words = {"The", subject};
  for (std::int64_t i = least_between; i < between; ++i)
    words.push_back(adverbs[static_cast<std::size_t>(stream.between(0, adverbs.size()))]);
  words.insert(words.end(), verb.begin(), verb.end());
  words.insert(words.end(), {place, ".", end_of_line});
  return words;
}

/// Counted back from the last step: place, full stop, line end.
constexpr std::int64_t place_from_end = 2;

Lengths trained_lengths(const CatVariant& variant, const TaskConfig& config) {
  require_length(config, least_between, "\"sat on the\" stands between subject and place");
  const std::int64_t between = require_one_length(config, "it is the number of words between");
  return per_batch(variant.whole_sentence ? LengthRange{least_between, between} : LengthRange{between});
}

TaskSpec spec_of(const CatVariant& variant) {
  const std::int64_t words = cat_vocabulary().size();
  TaskSpec spec{.inputs = InputKind::tokens,
                .input_size = words,
                .output_size = words,
                .readout = variant.whole_sentence ? Readout::every_step : Readout::last,
                .objective = cross_entropy_objective(),
                .answer = "word"};
  if (variant.whole_sentence) spec.criterion.step_from_end = place_from_end;
  return spec;
}

class Cat final : public GeneratedTask {
 public:
  Cat(const CatVariant& variant, const TaskConfig& config)
      : GeneratedTask(spec_of(variant), trained_lengths(variant, config), per_batch(config.length)),
        variant_(variant),
        between_(config.length.most),
        vocabulary_(cat_vocabulary()) {}

  const Vocabulary* vocabulary() const override { return &vocabulary_; }

  std::vector<Baseline> baselines() const override {
    return cat_baselines(between_, variant_.whole_sentence);
  }

  double trivial_loss() const override {
    const double place = std::log(static_cast<double>(subjects.size()));
    if (!variant_.whole_sentence) return place;
    const double said =
        static_cast<double>(between_ - least_between) * std::log(static_cast<double>(adverbs.size()));
    return (2 * place + said) / static_cast<double>(steps_of(between_));
  }

  SuccessRule success() const override {
    return {{{"error_rate", Condition::Relation::below, 0.01}},
            fmt::format("the place wrong in less than 1 % of the sentences (our rule; n-grams: {:.1f} %)",
                        100 * (1 - 1 / static_cast<double>(subjects.size())))};
  }

 protected:
  /// The line's end, "The", the subject and the words between; of whole sentences also place and full stop.
  std::int64_t steps_of(std::int64_t between) const override {
    return between + (variant_.whole_sentence ? 5 : 3);
  }

  Sequence generate(Stream& stream, std::int64_t between) const override {
    const std::int64_t steps = steps_of(between);
    const std::vector<std::string_view> words = sentence(stream, between);
    const auto id = [&](std::int64_t at) {
      return at < 0 ? vocabulary_.line_end() : vocabulary_.id(words[static_cast<std::size_t>(at)]);
    };
    Tensor<std::int64_t> tokens(Shape{steps}), next(Shape{steps});
    for (std::int64_t t = 0; t < steps; ++t) {
      tokens[t] = id(t - 1);
      next[t] = id(t);
    }
    if (!variant_.whole_sentence) return {std::move(tokens), class_target(next[steps - 1])};
    return {std::move(tokens), std::move(next)};
  }

 private:
  const CatVariant& variant_;
  std::int64_t between_;
  Vocabulary vocabulary_;
};

}  // namespace

TaskRow cat_row() {
  return {
      .name = "cat",
      .summary =
          "\"The cat ... sat on the ___\": say where, from a subject that stands task.length words before",
      .source = "ours; the place follows from the subject alone",
      .variants = variant_names(cat_variants),
      .length = 100,
      .inputs = InputKind::tokens,
      .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
        return std::make_unique<Cat>(find_variant(cat_variants, config), config);
      }};
}

std::span<const SubjectAndPlace> cat_subjects() { return subjects; }
std::span<const std::string_view> cat_adverbs() { return adverbs; }

Vocabulary cat_vocabulary() {
  std::vector<std::string> words = {std::string(end_of_line), std::string(unknown_token), "The", "."};
  for (const SubjectAndPlace& pair : subjects) {
    words.emplace_back(pair.subject);
    words.emplace_back(pair.place);
  }
  words.insert(words.end(), adverbs.begin(), adverbs.end());
  words.insert(words.end(), verb.begin(), verb.end());
  return Vocabulary(words);
}

std::string cat_text(Stream& stream, std::int64_t sentences, std::int64_t between) {
  std::string text;
  for (std::int64_t i = 0; i < sentences; ++i) {
    std::vector<std::string_view> words = sentence(stream, between);
    words.pop_back();
    text += fmt::format("{}\n", fmt::join(words, " "));
  }
  return text;
}

}  // namespace unroll
