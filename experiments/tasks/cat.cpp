#include "experiments/tasks/cat.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"
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

struct Variant {
  std::string_view name;
  bool whole_sentence;
};
constexpr std::array<Variant, 2> variants = {{{"sentence", true}, {"place", false}}};

std::vector<std::string_view> sentence(Stream& stream, std::int64_t between) {
  const auto& [subject, place] = subjects[static_cast<std::size_t>(stream.between(0, subjects.size()))];
  std::vector<std::string_view> words = {"The", subject};
  for (std::int64_t i = least_between; i < between; ++i)
    words.push_back(adverbs[static_cast<std::size_t>(stream.between(0, adverbs.size()))]);
  words.insert(words.end(), verb.begin(), verb.end());
  words.insert(words.end(), {place, ".", end_of_line});
  return words;
}

class Cat final : public Task {
 public:
  explicit Cat(const TaskConfig& config)
      : variant_(find_variant(variants, config)), between_(config.length), vocabulary_(cat_vocabulary()) {
    require_length(config, least_between, "\"sat on the\" stands between subject and place");
  }

  std::int64_t input_size() const override { return vocabulary_.size(); }
  std::int64_t output_size() const override { return vocabulary_.size(); }
  Loss loss() const override { return Loss::cross_entropy; }
  Readout readout() const override { return variant_.whole_sentence ? Readout::every_step : Readout::last; }
  const Vocabulary* vocabulary() const override { return &vocabulary_; }
  std::int64_t max_steps(std::int64_t) const override { return steps_of(between_); }

  Batch sample(Stream& stream, std::int64_t sequences) const override {
    return batch(stream, sequences,
                 variant_.whole_sentence ? stream.between(least_between, between_ + 1) : between_);
  }
  Batch sample_to_validate(Stream& stream, std::int64_t sequences) const override {
    return batch(stream, sequences, between_);
  }

  double trivial_loss() const override {
    const double place = std::log(static_cast<double>(subjects.size()));
    if (!variant_.whole_sentence) return place;
    const double said =
        static_cast<double>(between_ - least_between) * std::log(static_cast<double>(adverbs.size()));
    return (2 * place + said) / static_cast<double>(steps_of(between_));
  }

  std::int64_t count_wrong(const Batch& batch, const Tensor<float>& outputs) const override {
    const std::int64_t steps = batch.steps(), sequences = batch.rows(), words = output_size();
    require_outputs("cat", outputs,
                    variant_.whole_sentence ? Shape{steps, sequences, words} : Shape{sequences, words});
    // The place, a full stop and the line's end are the last three classes of a sentence.
    const std::int64_t first = variant_.whole_sentence ? (steps - 3) * sequences : 0;
    std::int64_t wrong = 0;
    for (std::int64_t at = first; at < first + sequences; ++at)
      wrong += !is_right(outputs.data() + at * words, words, batch.classes[at]);
    return wrong;
  }

  bool solved(double, double error_rate) const override { return error_rate < 0.01; }
  std::string success_rule() const override {
    return fmt::format(
        "the place wrong in less than 1 % of the validation sentences (our rule; n-grams: {:.1f} %)",
        100 * (1 - 1 / static_cast<double>(subjects.size())));
  }

 private:
  /// The line's end, "The", the subject and the words between; of whole sentences also place and full stop.
  std::int64_t steps_of(std::int64_t between) const { return between + (variant_.whole_sentence ? 5 : 3); }

  Batch batch(Stream& stream, std::int64_t sequences, std::int64_t between) const {
    const std::int64_t steps = steps_of(between);
    Batch batch;
    batch.tokens = Tensor<std::int64_t>({steps, sequences});
    batch.classes =
        Tensor<std::int64_t>(variant_.whole_sentence ? Shape{steps, sequences} : Shape{sequences});
    for (std::int64_t b = 0; b < sequences; ++b) {
      const std::vector<std::string_view> words = sentence(stream, between);
      const auto id = [&](std::int64_t at) {
        return at < 0 ? vocabulary_.line_end() : vocabulary_.id(words[static_cast<std::size_t>(at)]);
      };
      for (std::int64_t t = 0; t < steps; ++t) {
        batch.tokens[t * sequences + b] = id(t - 1);
        if (variant_.whole_sentence) batch.classes[t * sequences + b] = id(t);
      }
      if (!variant_.whole_sentence) batch.classes[b] = id(steps - 1);
    }
    return batch;
  }

  const Variant& variant_;
  std::int64_t between_;
  Vocabulary vocabulary_;
};

std::unique_ptr<Task> make(const TaskConfig& config) { return std::make_unique<Cat>(config); }

}  // namespace

TaskRow cat_row() {
  return {"cat",
          "\"The cat ... sat on the ___\": say where, from a subject that stands task.length words before",
          "ours; the place follows from the subject alone", variant_names(variants), make};
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
