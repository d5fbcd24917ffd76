#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "experiments/text/text.hpp"

using namespace unroll;

namespace {

using Tokens = std::vector<std::string>;

Tokens characters(std::string_view text) { return split(text, Level::characters); }
Tokens spaced(std::string_view text) { return split(text, Level::words, Words::spaces); }
Tokens marked(std::string_view text) { return split(text, Level::words, Words::punctuation); }

/// Texts of what is odd: marks, brackets, white space, letters with combining marks, emoji.
rc::Gen<std::string> odd_texts() {
  const auto piece = rc::gen::element<std::string>("a", "B", "7", " ", "\n", "\t", "'", "-", "<", ">",
                                                   "<unk>", ".", "\"", "(", ")", "é", "e\u0301", "\u00A0",
                                                   "中", "😀", "\u200D", "\u0301", "_", "\r");
  return rc::gen::map(rc::gen::container<Tokens>(piece), [](const Tokens& pieces) {
    std::string text;
    for (const std::string& p : pieces) text += p;
    return text;
  });
}

std::string concatenated(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

}  // namespace

TEST_CASE("[text] characters are code points, line ends and combining marks among them") {
  CHECK(characters("aé\n😀") == Tokens{"a", "é", "\n", "😀"});
  CHECK(characters("e\u0301") == Tokens{"e", "\u0301"});
  CHECK(characters("").empty());
}

TEST_CASE("[text] words at white space, and one <eos> for each line") {
  CHECK(spaced(" the cat \n sat. \n") == Tokens{"the", "cat", "<eos>", "sat.", "<eos>"});
  CHECK(spaced("one\n\ntwo") == Tokens{"one", "<eos>", "<eos>", "two", "<eos>"});
  CHECK(spaced("\n") == Tokens{"<eos>"});
  CHECK(spaced("").empty());
  CHECK(spaced("a\tb\u00A0c\u3000d\re") == Tokens{"a", "b", "c", "d", "e", "<eos>"});
  CHECK(spaced("don't <unk> e\u0301t\u00E9!") == Tokens{"don't", "<unk>", "e\u0301t\u00E9!", "<eos>"});
}

TEST_CASE("[text] a punctuation mark is a token of its own, apostrophes and hyphens in a word are not") {
  CHECK(marked("Don't stop, well-known \"friend\"!") ==
        Tokens{"Don't", "stop", ",", "well-known", "\"", "friend", "\"", "!", "<eos>"});
  CHECK(marked("'tis dogs' rock--roll -x- a'") ==
        Tokens{"'", "tis", "dogs", "'", "rock", "-", "-", "roll", "-", "x", "-", "a", "'", "<eos>"});
  CHECK(marked("l’été «déjà» 東京。") == Tokens{"l’été", "«", "déjà", "»", "東京", "。", "<eos>"});
  CHECK(marked("$5 = 5€") == Tokens{"$", "5", "=", "5", "€", "<eos>"});
}

TEST_CASE("[text] names in angle brackets stay whole, other angle brackets are marks") {
  CHECK(marked("the <unk>, <eos> a<b>c") == Tokens{"the", "<unk>", ",", "<eos>", "a", "<b>", "c", "<eos>"});
  CHECK(marked("a < b > c <> <d e>") ==
        Tokens{"a", "<", "b", ">", "c", "<", ">", "<", "d", "e", ">", "<eos>"});
}

TEST_CASE("[text] combining marks stay with their letter or symbol") {
  CHECK(marked("e\u0301te\u0301.") == Tokens{"e\u0301te\u0301", ".", "<eos>"});
  CHECK(marked("a\u2260b =\u0338 x") == Tokens{"a", "≠", "b", "=\u0338", "x", "<eos>"});
  CHECK(marked("नमस्ते") == Tokens{"नमस्ते", "<eos>"});
}

TEST_CASE("[text] splitting loses nothing but white space") {
  CHECK(rc::check("characters", [] {
    const std::string text = *odd_texts();
    RC_ASSERT(concatenated(characters(text)) == text);
  }));
  CHECK(rc::check("words, cut further by punctuation", [] {
    std::string text = *odd_texts();
    std::string whole, parts;
    for (const std::string& t : spaced(text)) whole += t;
    for (const std::string& t : marked(text)) parts += t;
    RC_ASSERT(whole == parts);
  }));
  CHECK(rc::check("as many <eos> as lines", [] {
    const std::string text = *odd_texts();
    const auto ends = static_cast<long>(std::count(text.begin(), text.end(), '\n'));
    const bool open = !text.empty() && text.back() != '\n';
    const Tokens tokens = spaced(text);
    RC_ASSERT(std::count(tokens.begin(), tokens.end(), "<eos>") == ends + (open ? 1 : 0));
  }));
}

TEST_CASE("[text] tokens joined read as people write") {
  const std::string text =
      "The cat (a big one) sat, didn't it? \"Yes,\" said she: 100%!\nAnd then... «enfin» it's $5; so.\n";
  CHECK(join(marked(text), Level::words) == text);
  CHECK(join({"it", "does", "n't", "'s", "``", "so", "''", "."}, Level::words) == "it doesn't's ``so''.");
  CHECK(join({"\"", "a", "<eos>", "\"", "b", "\""}, Level::words) == "\"a\n\"b\"");
  CHECK(join(characters("a . b\n"), Level::characters) == "a . b\n");
  CHECK(join({}, Level::words).empty());
}

TEST_CASE("[text] words joined and split again are the same words") {
  CHECK(rc::check([] {
    std::string text = *odd_texts();
    std::erase(text, '"');  // which end of a quotation one is cannot always be seen
    const Tokens tokens = marked("x" + text);
    RC_PRE(std::find(tokens.begin(), tokens.end(), "'") == tokens.end());
    RC_PRE(std::find(tokens.begin(), tokens.end(), "-") == tokens.end());
    const std::string again = concatenated(marked(join(tokens, Level::words)));
    RC_ASSERT(again == concatenated(tokens));
  }));
}
