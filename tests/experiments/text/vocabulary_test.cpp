#include "experiments/text/vocabulary.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace unroll;

namespace {

Vocabulary of_words(std::string_view text, VocabularyLimits limits = {}) {
  return Vocabulary::from_training(tokens_of(text, Level::words), limits);
}

using TokenList = std::vector<std::string>;

}  // namespace

TEST_CASE("[text] types are numbered by count, then by first appearance") {
  const Vocabulary v = of_words("b a c a\nb d b");
  CHECK(v.tokens() == TokenList{"b", "a", "<eos>", "c", "d", "<unk>"});
  CHECK(v.id("b") == 0);
  CHECK(v.token(3) == "c");
  CHECK(v.line_end() == 2);
  CHECK(v.unknown() == 5);
  CHECK(v.size() == 6);
}

TEST_CASE("[text] the same text always gives the same vocabulary") {
  CHECK(of_words("z y x y\nw v").tokens() == of_words("z y x y\nw v").tokens());
}

TEST_CASE("[text] an unknown token has the id of <unk>") {
  const Vocabulary v = of_words("a b");
  CHECK(v.id("never") == v.unknown());
  CHECK(v.id("") == v.unknown());
  CHECK_FALSE(v.contains("never"));
  CHECK(v.contains("<unk>"));
}

TEST_CASE("[text] rare types fall out, and <unk> counts them") {
  const Vocabulary v = of_words("a a a b b c d e f", {2, 0});
  CHECK(v.tokens() == TokenList{"<unk>", "a", "b", "<eos>"});  // 4, 3, 2; <eos> never falls out
  const Vocabulary literal = of_words("a <unk> <unk> a b", {2, 0});
  CHECK(literal.tokens() == TokenList{"<unk>", "a", "<eos>"});
}

TEST_CASE("[text] a size limit keeps the most frequent types, <unk> and <eos> included in it") {
  const std::string text = "a a a b b c d";
  for (std::int64_t size = 3; size <= 6; ++size) CHECK(of_words(text, {1, size}).size() == size);
  CHECK(of_words(text, {1, 100}).size() == 6);
  CHECK(of_words(text, {1, 3}).tokens() == TokenList{"<unk>", "a", "<eos>"});
  CHECK_THROWS_WITH_AS(of_words(text, {1, 1}), doctest::Contains("no room"), TextError);
  CHECK_THROWS_AS(of_words(text, {0, 0}), TextError);
  CHECK_THROWS_AS(of_words(text, {1, -1}), TextError);
}

TEST_CASE("[text] characters have <unk> too, but no <eos>, and it is no mix-up with the text's own letters") {
  const Vocabulary v = Vocabulary::from_training(tokens_of("<unk>\n<unk>", Level::characters));
  CHECK(v.tokens() == TokenList{"<", "u", "n", "k", ">", "\n", "<unk>"});
  CHECK(v.line_end() == -1);
}

TEST_CASE("[text] a vocabulary and one made from its list are the same, also when copied") {
  const Vocabulary first = of_words("to be or not to be");
  const Vocabulary again(first.tokens());
  CHECK(again.tokens() == first.tokens());
  CHECK(again.unknown() == first.unknown());
  CHECK(again.line_end() == first.line_end());
  Vocabulary copy;
  {
    const Vocabulary gone(first.tokens());
    copy = gone;
  }
  for (std::int32_t id = 0; id < copy.size(); ++id) CHECK(copy.id(copy.token(id)) == id);
}

TEST_CASE("[text] a list that is no vocabulary is refused") {
  CHECK_THROWS_WITH_AS(Vocabulary(TokenList{"a", "b", "a"}), doctest::Contains("\"a\" twice, as 0 and 2"),
                       TextError);
  CHECK_THROWS_AS(Vocabulary(TokenList{}), TextError);
  CHECK_THROWS_AS(Vocabulary(TokenList{"a", ""}), TextError);
  const Vocabulary closed(TokenList{"a", "b"});
  CHECK(closed.unknown() == -1);
  CHECK_THROWS_WITH_AS(closed.id("c"), doctest::Contains("\"c\""), TextError);
  CHECK_THROWS_AS(closed.token(2), std::out_of_range);
  CHECK_THROWS_AS(closed.token(-1), std::out_of_range);
}
