#include "experiments/tasks/cat.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "experiments/text/ngram.hpp"
#include "experiments/text/vocabulary.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Task> cat(std::int64_t length, std::string variant = "sentence") {
  return standard_task({.name = "cat", .variant = std::move(variant), .length = length});
}

std::string place_of(const std::string& subject) {
  for (const SubjectAndPlace& pair : cat_subjects())
    if (pair.subject == subject) return std::string(pair.place);
  return "(no subject: " + subject + ")";
}

/// The words of one sequence's inputs.
std::vector<std::string> inputs_of(const Task& task, const Batch& batch, std::int64_t sequence) {
  std::vector<std::string> words;
  for (std::int64_t t = 0; t < batch.steps(); ++t)
    words.push_back(task.vocabulary()->token(
        static_cast<std::int32_t>(indices(batch.inputs)[t * batch.rows() + sequence])));
  return words;
}

std::string class_at(const Task& task, const Batch& batch, std::int64_t at) {
  return task.vocabulary()->token(static_cast<std::int32_t>(indices(batch.target)[at]));
}

/// Of many sentences with `between` words, the mean probability of the right place by a model of counts, and
/// how often it is the likeliest of the places.
struct ByCounts {
  double probability, right;
};
ByCounts by_ngrams(std::int64_t between, int order) {
  Stream training(7, Purpose::training_data), validation(7, Purpose::validation_data);
  CorpusOptions options;
  options.level = Level::words;
  const Corpus corpus = make_corpus(options, {"training", cat_text(training, 2000, between)},
                                    {"validation", cat_text(validation, 400, between)});
  const NgramModel model(corpus.train, corpus.vocabulary.size(),
                         {.order = order, .line_end = corpus.vocabulary.line_end()});
  ByCounts all{0, 0};
  const std::span<const std::int32_t> text = corpus.valid;
  double sentences = 0;
  for (std::size_t at = 2; at < text.size(); ++at) {
    if (text[at] != corpus.vocabulary.line_end()) continue;
    const auto context = text.first(at - 2);
    const double p = model.probability(context, text[at - 2]);
    bool best = true;
    for (const SubjectAndPlace& pair : cat_subjects()) {
      const std::int32_t other = corpus.vocabulary.id(pair.place);
      if (other != text[at - 2] && model.probability(context, other) >= p) best = false;
    }
    all.probability += p;
    all.right += best;
    ++sentences;
  }
  return {all.probability / sentences, all.right / sentences};
}

}  // namespace

TEST_CASE("[cat] there are 8 subjects, each with a place that no other has, and no word stands twice") {
  std::set<std::string_view> places, words;
  for (const SubjectAndPlace& pair : cat_subjects()) places.insert(pair.place);
  CHECK(cat_subjects().size() == 8);
  CHECK(places.size() == 8);
  const Vocabulary vocabulary = cat_vocabulary();
  CHECK(static_cast<std::size_t>(vocabulary.size()) ==
        2 + 2 + 2 * cat_subjects().size() + cat_adverbs().size() + 3);
  for (const SubjectAndPlace& pair : cat_subjects()) {
    CHECK(vocabulary.contains(pair.subject));
    CHECK(vocabulary.contains(pair.place));
  }
  CHECK(vocabulary.line_end() >= 0);
  CHECK(vocabulary.unknown() >= 0);
}

TEST_CASE("[cat] a sentence is a subject, adverbs, \"sat on the\" and the subject's place, in every sample") {
  const std::set<std::string_view> adverbs(cat_adverbs().begin(), cat_adverbs().end());
  for (const std::int64_t length : {3, 4, 5, 12}) {
    const auto task = cat(length);
    std::set<std::int64_t> lengths;
    for (int repeat = 0; repeat < 30; ++repeat) {
      const bool validate = repeat % 2 == 1;
      const Batch batch = validate ? task->validation(20)->batch(0, 20) : training_batch(*task, 20, repeat);
      const std::int64_t between = batch.steps() - 5;
      if (validate) CHECK(between == length);
      lengths.insert(between);
      for (std::int64_t b = 0; b < batch.rows(); ++b) {
        const std::vector<std::string> words = inputs_of(*task, batch, b);
        CHECK(words[0] == "<eos>");
        CHECK(words[1] == "The");
        for (std::int64_t i = 0; i < between - 3; ++i)
          CHECK(adverbs.contains(words[static_cast<std::size_t>(3 + i)]));
        const std::vector<std::string> end(words.end() - 5, words.end());
        CHECK(end == std::vector<std::string>{"sat", "on", "the", place_of(words[2]), "."});
        for (std::int64_t t = 0; t + 1 < batch.steps(); ++t)
          CHECK(indices(batch.target)[t * batch.rows() + b] ==
                indices(batch.inputs)[(t + 1) * batch.rows() + b]);
        CHECK(class_at(*task, batch, (batch.steps() - 1) * batch.rows() + b) == "<eos>");
      }
    }
    for (int repeat = 0; repeat < 200; ++repeat) lengths.insert(training_batch(*task, 1, repeat).steps() - 5);
    CHECK(*lengths.begin() == 3);
    CHECK(*lengths.rbegin() == length);
    CHECK(lengths.size() == static_cast<std::size_t>(length - 2));  // each occurs
    CHECK(task->training(7)->max_steps(20) == length + 5);
  }
}

TEST_CASE("[cat] the variant place asks for the place alone, always after exactly as many words") {
  const auto task = cat(9, "place");
  CHECK(task->spec().readout == Readout::last);
  for (int repeat = 0; repeat < 10; ++repeat) {
    const Batch batch = training_batch(*task, 15, repeat);
    REQUIRE(shape_of(batch.inputs) == Shape{12, 15});
    REQUIRE(shape_of(batch.target) == Shape{15});
    for (std::int64_t b = 0; b < 15; ++b) {
      const std::vector<std::string> words = inputs_of(*task, batch, b);
      CHECK(words.back() == "the");
      CHECK(class_at(*task, batch, b) == place_of(words[2]));
    }
  }
}

TEST_CASE("[cat] subjects and adverbs are drawn uniformly and independently") {
  const auto task = cat(6, "place");
  constexpr std::int64_t count = 8000;
  const Batch batch = training_batch(*task, count);
  std::map<std::string, double> subjects, adverbs;
  std::map<std::string, std::map<std::string, double>> pairs;  // of a subject, the adverb after it
  for (std::int64_t b = 0; b < count; ++b) {
    const std::vector<std::string> words = inputs_of(*task, batch, b);
    ++subjects[words[2]];
    for (std::size_t i : {3, 4, 5}) ++adverbs[words[i]];
    ++pairs[words[2]][words[3]];
  }
  // Five standard deviations of a binomial count.
  const auto fits = [](double found, double draws, double p) {
    return std::abs(found - draws * p) < 5 * std::sqrt(draws * p * (1 - p));
  };
  CHECK(subjects.size() == 8);
  CHECK(adverbs.size() == 16);
  for (const auto& [name, found] : subjects) CHECK_MESSAGE(fits(found, count, 1.0 / 8), name);
  for (const auto& [name, found] : adverbs) CHECK_MESSAGE(fits(found, 3 * count, 1.0 / 16), name);
  for (const auto& [subject, after] : pairs)
    for (const auto& [name, found] : after) CHECK_MESSAGE(fits(found, count, 1.0 / 128), subject, " ", name);
}

TEST_CASE("[cat] counts of five words know the place only while they see the subject") {
  for (const std::int64_t between : {5, 8, 20}) {
    INFO(between);
    const ByCounts five = by_ngrams(between, 5);
    // Uniform but for the noise of its counts; 400 sentences: a standard deviation of 0.017.
    CHECK(std::abs(five.probability - 0.125) < 0.01);
    CHECK(std::abs(five.right - 0.125) < 0.08);
  }
  const ByCounts seen = by_ngrams(3, 5);
  CHECK(seen.probability > 0.99);
  CHECK(seen.right == 1);
  CHECK(by_ngrams(3, 4).probability < 0.14);  // one word less
}

TEST_CASE("[cat] the trivial loss is the entropy of each position's words by itself") {
  for (const char* variant : {"sentence", "place"})
    for (const std::int64_t length : {3, 5, 9}) {
      const auto task = cat(length, variant);
      constexpr std::int64_t count = 5000;
      const Batch batch = task->validation(count)->batch(0, count);
      const std::int64_t positions = indices(batch.target).numel() / count;
      double nats = 0;
      for (std::int64_t t = 0; t < positions; ++t) {
        std::map<std::int64_t, double> counts;
        for (std::int64_t b = 0; b < count; ++b) ++counts[indices(batch.target)[t * count + b]];
        for (const auto& [word, found] : counts) nats -= found / count * std::log(found / count);
      }
      INFO(variant, " ", length);
      CHECK(std::abs(task->trivial_loss() - nats / static_cast<double>(positions)) < 5e-3);
    }
}

TEST_CASE("[cat] the baselines of the place alone are its frequency once the subject is out of sight") {
  const std::vector<Baseline> all = cat(6, "place")->baselines();
  REQUIRE(all.size() == 6);
  CHECK(all[0].name == "uniform");
  CHECK(all[5].name == "5-gram");
  CHECK(all[5].validation_loss == doctest::Approx(std::log(8.0)).epsilon(0.01));
  CHECK(cat(3, "place")->baselines()[5].validation_loss < 0.01);
  // Of whole sentences a 5-gram pays for subject, adverbs, place, and for where the adverbs end.
  const double sentence = cat(6)->baselines()[5].validation_loss;
  CHECK(sentence > cat(6)->trivial_loss());
  CHECK(sentence < cat(6)->trivial_loss() + 0.2);
}

TEST_CASE("[cat] a sentence is wrong when its place does not score highest, whatever the rest does") {
  const auto task = cat(4);
  const Batch batch = task->validation(3)->batch(0, 3);
  const std::int64_t types = task->spec().output_size;
  Tensor<float> scores(Shape{batch.steps(), 3, types});
  const std::int64_t place = (batch.steps() - 3) * 3;  // place, full stop, line end
  for (std::int64_t b = 0; b < 3; ++b) scores[(place + b) * types + indices(batch.target)[place + b]] = 1;
  const auto error_rate = [&] { return judged(task->spec(), batch, scores).at("error_rate"); };
  CHECK(error_rate() == 0);
  scores[(place + 1) * types] = 1;  // a tie is not right
  CHECK(error_rate() == doctest::Approx(1.0 / 3));
  CHECK(task->success().holds({{"loss", 9}, {"error_rate", 0.0099}}));
  CHECK_FALSE(task->success().holds({{"loss", 0}, {"error_rate", 0.01}}));
}

TEST_CASE("[cat] fewer words between than \"sat on the\" are refused") {
  CHECK_NOTHROW(cat(3));
  CHECK_THROWS_WITH_AS(cat(2),
                       "task.length: cat (sentence) needs a length of at least 3, got 2: \"sat on the\" "
                       "stands between subject and place",
                       std::invalid_argument);
}

TEST_CASE("[cat] a text of its sentences is read back as the words of the grammar") {
  Stream stream(4, Purpose::check);
  const std::string text = cat_text(stream, 50, 7);
  const std::vector<std::string> words = split(text, Level::words, Words::punctuation);
  CHECK(words.size() == 50 * (7 + 5));
  for (const std::string& word : words) CHECK(cat_vocabulary().contains(word));
}
