#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "experiments/text/ngram.hpp"
#include "tests/support/skipped.hpp"

using namespace unroll;

namespace {

/// The folder with the real texts, if this machine has them.
std::optional<std::filesystem::path> data_folder() {
  const char* folder = std::getenv("UNROLL_DATA");
  if (folder && *folder) return folder;
  test::say_skipped("UNROLL_DATA names no folder with ptb/ and tinyshakespeare/");
  return std::nullopt;
}

double perplexity(const NgramScore& score) { return std::exp(score.nats_per_token); }

}  // namespace

TEST_CASE("[text] the baselines are named uniform, unigram, bigram, 3-gram, 4-gram, 5-gram") {
  const Corpus c = make_corpus({}, {"a", "to be or not to be"}, {"b", "to be"});
  std::string names;
  for (const NgramScore& score : ngram_baselines(c, Level::characters, Part::valid))
    names += score.name + " ";
  CHECK(names == "uniform unigram bigram 3-gram 4-gram 5-gram ");
  CHECK_THROWS_WITH_AS(ngram_baselines(c, Level::characters, Part::test), doctest::Contains("no part"),
                       TextError);
}

TEST_CASE("[text] <unk> is a type of the baselines only where something is unknown") {
  const auto types = [](const char* train, const char* valid) {
    return baseline_model(make_corpus({}, {"a", train}, {"b", valid}), Level::characters).types();
  };
  CHECK(types("abc", "cab") == 3);
  CHECK(types("abc", "cxb") == 4);
}

TEST_CASE(
    "[text] where the place follows from a subject out of reach, n-grams know the place by chance only") {
  CorpusOptions options;
  options.level = Level::words;
  std::string text;
  for (int i = 0; i < 600; ++i) {
    const std::string k = std::to_string(i * 7 % 4);
    text += "subject" + k + " a b c d e sat on place" + k + "\n";
  }
  const Corpus c = make_corpus(options, {"t", text}, {"v", text});
  const NgramModel model = baseline_model(c, Level::words);
  const auto words = tokens_of("subject2 a b c d e sat on", Level::words);
  std::vector<std::int32_t> prompt = c.vocabulary.ids(words);
  prompt.pop_back();  // the line goes on
  for (const char* place : {"place0", "place1", "place2", "place3"})
    CHECK(model.probability(prompt, c.vocabulary.id(place)) == doctest::Approx(0.25).epsilon(0.01));
}

TEST_CASE("[text] Penn Treebank: Kneser-Ney 5-gram within 1 percent of the published 141.2") {
  const auto folder = data_folder();
  if (!folder) return;
  CorpusOptions options;
  options.level = Level::words;
  options.train = *folder / "ptb" / "ptb.train.txt";
  options.valid = *folder / "ptb" / "ptb.valid.txt";
  options.test = *folder / "ptb" / "ptb.test.txt";
  const Corpus c = load_corpus(options);
  CHECK(c.vocabulary.size() == 10000);
  CHECK(c.train.size() == 929589);
  CHECK(c.valid.size() == 73760);
  CHECK(c.test.size() == 82430);
  const auto scores = ngram_baselines(c, Level::words, Part::test);
  CHECK(perplexity(scores[0]) == doctest::Approx(10000));
  CHECK(perplexity(scores[5]) == doctest::Approx(141.2).epsilon(0.01));
  for (std::size_t n = 1; n < scores.size(); ++n)
    CHECK(scores[n].nats_per_token < scores[n - 1].nats_per_token);
}

TEST_CASE("[text] tinyshakespeare: 65 characters, and each longer context helps") {
  const auto folder = data_folder();
  if (!folder) return;
  CorpusOptions options;
  options.train = *folder / "tinyshakespeare" / "input.txt";
  options.valid_fraction = 0.1;
  const Corpus c = load_corpus(options);
  CHECK(c.train.size() == 1003854);
  CHECK(c.valid.size() == 111540);
  const auto scores = ngram_baselines(c, Level::characters, Part::valid);
  CHECK(scores[0].nats_per_token == doctest::Approx(std::log(65)));
  CHECK(scores[1].nats_per_token == doctest::Approx(3.347).epsilon(0.001));
  CHECK(scores[2].nats_per_token == doctest::Approx(2.486).epsilon(0.001));
  for (std::size_t n = 1; n < scores.size(); ++n)
    CHECK(scores[n].nats_per_token < scores[n - 1].nats_per_token);
}
