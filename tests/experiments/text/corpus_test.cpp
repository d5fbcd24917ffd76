#include "experiments/text/corpus.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

using namespace unroll;

namespace {

CorpusOptions of_characters(double valid = 0, double test = 0) {
  CorpusOptions options;
  options.valid_fraction = valid;
  options.test_fraction = test;
  return options;
}

CorpusOptions words(std::int64_t min_count = 1) {
  CorpusOptions options;
  options.level = Level::words;
  options.min_count = min_count;
  return options;
}

std::string text_of(const Corpus& corpus, const std::vector<std::int32_t>& ids) {
  std::string text;
  for (const std::int32_t id : ids) text += corpus.vocabulary.token(id);
  return text;
}

std::string corpus_refusal(const CorpusOptions& options, const std::string& train,
                           const std::string& valid = "", const std::string& test = "") {
  return error_of<TextError>([&] {
    make_corpus(options, {"a.txt", train}, {"b.txt", valid}, {"c.txt", test});
  });
}

}  // namespace

TEST_CASE("[text] fractions cut one text into parts that follow each other and are all of it") {
  std::string text;
  for (int i = 0; i < 997; ++i) text += static_cast<char>('a' + i * i % 23);
  for (const double valid : {0.0, 0.05, 0.1, 1.0 / 3})
    for (const double test : {0.0, 0.1, 0.25}) {
      const Corpus c = make_corpus(of_characters(valid, test), {"t", text});
      CHECK(text_of(c, c.train) + text_of(c, c.valid) + text_of(c, c.test) == text);
      CHECK(c.train.size() == static_cast<std::size_t>(std::floor((1 - valid - test) * 997 + 1e-6)));
    }
}

TEST_CASE("[text] a cut is where arithmetic on paper has it") {
  CHECK(make_corpus(of_characters(0.1, 0.2), {"t", "abababcaba"}).train.size() == 7);
  CHECK(make_corpus(of_characters(0.3), {"t", "abcabcabca"}).train.size() == 7);
  CHECK(make_corpus(of_characters(0.1), {"t", "abcabcabcabcabc"}).train.size() == 13);  // floor(13.5)
}

TEST_CASE("[text] the vocabulary is the training part's; other characters are <unk> and counted") {
  const Corpus c = make_corpus(of_characters(), {"a", "abab"}, {"b", "axb"}, {"c", "yyba"});
  CHECK(c.vocabulary.tokens() == std::vector<std::string>{"a", "b", "<unk>"});
  CHECK(c.valid == std::vector<std::int32_t>{0, 2, 1});
  CHECK(c.test == std::vector<std::int32_t>{2, 2, 1, 0});
  CHECK(c.unknown_train == 0);
  CHECK(c.unknown_valid == 1);
  CHECK(c.unknown_test == 2);
}

TEST_CASE("[text] words below the minimum count are <unk> in every part") {
  const Corpus c = make_corpus(words(2), {"a", "the cat the dog the mat a a\n"}, {"b", "the cat\n"});
  CHECK(c.unknown_train == 3);
  CHECK(c.unknown_valid == 1);
  CHECK(c.vocabulary.size() == 4);
}

TEST_CASE("[text] a file of its own goes before a fraction") {
  CorpusOptions options = of_characters(0.5);
  const Corpus c = make_corpus(options, {"a", "abab"}, {"b", "ba"});
  CHECK(c.train.size() == 4);
  CHECK(c.valid.size() == 2);
  options.test_fraction = 0.25;
  CHECK(make_corpus(options, {"a", "abab"}, {"b", "ba"}).test.size() == 1);
}

TEST_CASE("[text] fractions that are none, or that leave a part empty, are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [valid, test] : {std::pair{-0.1, 0.0}, {1.0, 0.0}, {0.5, 0.5}, {nan, 0.0}, {0.0, nan}})
    CHECK(contains(corpus_refusal(of_characters(valid, test), "abab"), "fractions"));
  CHECK(contains(corpus_refusal(of_characters(0.9), "ab"), "a.txt: 0.1"));
  CHECK(contains(corpus_refusal(of_characters(0.9), "ab"), "for training"));
  CHECK(contains(corpus_refusal(of_characters(0, 1e-9), "abcabc"), "for test"));
}

TEST_CASE("[text] a text of one type has nothing to predict") {
  CHECK(contains(corpus_refusal(of_characters(), "aaaa"), "one type of token only, \"a\""));
  CHECK(contains(corpus_refusal(words(), "the the\nthe the\n"), "one type of token only, \"the\""));
  CHECK(contains(corpus_refusal(words(5), "the cat sat on the mat\n"), "minimum count 5"));
  CHECK(contains(corpus_refusal(words(), " \n \n"), "only white space"));
  CHECK(
      contains(corpus_refusal(of_characters(0.4), "aaaab"), "one type"));  // the b is in the validation part
  CHECK(corpus_refusal(words(), "the cat\n") == "(no error)");
}

TEST_CASE("[text] a part of unknown tokens only is refused by its name, with some of them") {
  const std::string message = corpus_refusal(words(), "the cat sat\n", "die Katze\nsass\n");
  CHECK(contains(message, "b.txt: none of its words"));
  CHECK(contains(message, "\"die\", \"Katze\", \"sass\""));
  CHECK(contains(corpus_refusal(words(), "the cat sat\n", "the\n", "Katze\n"), "c.txt: none"));
  CHECK(contains(corpus_refusal(of_characters(0.5), "abcxyz"),
                 "a.txt (validation part): none of its characters"));
  CHECK(corpus_refusal(words(), "the cat sat\n", "die Katze the\n") == "(no error)");
}

TEST_CASE("[text] load_corpus reads its files and names the one that is wrong") {
  const auto folder = std::filesystem::temp_directory_path() / "unroll corpus test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "train.txt", std::ios::binary) << "the cat\r\nthe dog\r\n";
  std::ofstream(folder / "latin.txt", std::ios::binary) << "the caf\xE9\n";
  std::ofstream(folder / "empty.txt", std::ios::binary);
  CorpusOptions options = words();
  CHECK_THROWS_AS(load_corpus(options), TextError);
  options.train = folder / "train.txt";
  CHECK(load_corpus(options).train.size() == 6);
  options.valid = folder / "latin.txt";
  CHECK_THROWS_WITH_AS(load_corpus(options), doctest::Contains("latin.txt: byte 0xE9 at offset 7"),
                       TextError);
  options.valid = folder / "empty.txt";
  CHECK_THROWS_WITH_AS(load_corpus(options), doctest::Contains("empty.txt: is empty"), TextError);
  std::filesystem::remove_all(folder);
}
