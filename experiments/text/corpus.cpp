#include "experiments/text/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace unroll {

namespace {

using TokenSpan = std::span<const std::string_view>;

/// A part of the corpus before it is encoded, and what errors call it.
struct NamedPart {
  std::string name;
  TokenSpan tokens;
};

void check_fractions(double valid, double test) {
  const auto fits = [](double fraction) { return fraction >= 0 && fraction < 1; };
  if (!fits(valid) || !fits(test) || valid + test >= 1)
    throw TextError(fmt::format(
        "the validation and test fractions are {} and {}; expected 0 or more each and less than 1 "
        "together, since the rest is for training",
        valid, test));
}

/// Where a part begins if it and what follows are `fraction` of n tokens.
std::size_t cut(std::size_t n, double fraction) {
  constexpr double rounding = 1e-6;  // 0.7 * 10 may come out below 7
  return static_cast<std::size_t>(std::floor((1 - fraction) * static_cast<double>(n) + rounding));
}

void refuse_empty(const NamedPart& part, double fraction, std::size_t all, std::string_view file) {
  if (fraction > 0 && part.tokens.empty())
    throw TextError(fmt::format(
        "{}: {:.3g} of its {} tokens leave no token for {}; take a larger fraction, a longer text or "
        "a file of its own",
        file, fraction, all, part.name));
}

std::string_view plural(Level level) { return level == Level::characters ? "characters" : "words"; }

void refuse_one_type(const Corpus& corpus, const CorpusOptions& options, std::string_view file) {
  std::int32_t first = -1;
  for (const std::int32_t id : corpus.train) {
    if (id == corpus.vocabulary.line_end() || id == first) continue;
    if (first >= 0) return;
    first = id;
  }
  if (first < 0) throw TextError(fmt::format("{}: has no {}, only white space", file, plural(options.level)));
  const bool fell_out =
      first == corpus.vocabulary.unknown() && (options.min_count > 1 || options.max_size > 0);
  throw TextError(
      fmt::format("{}: its training part has one type of token only, \"{}\", so there is nothing to "
                  "predict; {}",
                  file, corpus.vocabulary.token(first),
                  fell_out ? fmt::format("minimum count {} and size limit {} leave no other",
                                         options.min_count, options.max_size)
                           : "is it the right file and level?"));
}

std::string some_of(TokenSpan tokens) {
  std::vector<std::string> shown;
  for (const std::string_view token : tokens) {
    if (token == end_of_line) continue;
    shown.push_back(fmt::format("\"{}\"", token));
    if (shown.size() == 5) break;
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

std::vector<std::int32_t> encoded(const NamedPart& part, const CorpusOptions& options,
                                  const Vocabulary& vocabulary) {
  std::vector<std::int32_t> ids = vocabulary.ids(part.tokens);
  const bool has_known = std::any_of(ids.begin(), ids.end(), [&](std::int32_t id) {
    return id != vocabulary.unknown() && id != vocabulary.line_end();
  });
  if (!ids.empty() && !has_known)
    throw TextError(fmt::format(
        "{}: none of its {} is in the vocabulary of the training part ({} types); it begins with {}. Another "
        "language, another case or another level?",
        part.name, plural(options.level), vocabulary.size(), some_of(part.tokens)));
  return ids;
}

}  // namespace

Corpus make_corpus(const CorpusOptions& options, const NamedText& train, const NamedText& valid,
                   const NamedText& test) {
  const auto split_up = [&](const NamedText& text) {
    return tokens_of(text.text, options.level, options.words);
  };
  const double valid_fraction = valid.text.empty() ? options.valid_fraction : 0;
  const double test_fraction = test.text.empty() ? options.test_fraction : 0;
  check_fractions(valid_fraction, test_fraction);

  const auto train_tokens = split_up(train), valid_tokens = split_up(valid), test_tokens = split_up(test);
  const std::size_t n = train_tokens.size();
  const std::size_t train_end = cut(n, valid_fraction + test_fraction), valid_end = cut(n, test_fraction);
  const TokenSpan all(train_tokens);
  const NamedPart train_part{"training", all.subspan(0, train_end)};
  NamedPart valid_part{"validation", all.subspan(train_end, valid_end - train_end)};
  NamedPart test_part{"test", all.subspan(valid_end)};
  refuse_empty(train_part, 1 - valid_fraction - test_fraction, n, train.name);
  refuse_empty(valid_part, valid_fraction, n, train.name);
  refuse_empty(test_part, test_fraction, n, train.name);

  const auto name_of_cut = [&](std::string_view part) {
    return fmt::format("{} ({} part)", train.name, part);
  };
  valid_part = valid.text.empty() ? NamedPart{name_of_cut("validation"), valid_part.tokens}
                                  : NamedPart{valid.name, valid_tokens};
  test_part = test.text.empty() ? NamedPart{name_of_cut("test"), test_part.tokens}
                                : NamedPart{test.name, test_tokens};

  Corpus corpus;
  corpus.vocabulary = Vocabulary::from_training(train_part.tokens, {options.min_count, options.max_size});
  corpus.train = corpus.vocabulary.ids(train_part.tokens);
  refuse_one_type(corpus, options, train.name);
  corpus.valid = encoded(valid_part, options, corpus.vocabulary);
  corpus.test = encoded(test_part, options, corpus.vocabulary);
  const auto unknown_in = [&](const std::vector<std::int32_t>& ids) {
    return std::count(ids.begin(), ids.end(), corpus.vocabulary.unknown());
  };
  corpus.unknown_train = unknown_in(corpus.train);
  corpus.unknown_valid = unknown_in(corpus.valid);
  corpus.unknown_test = unknown_in(corpus.test);
  return corpus;
}

Corpus load_corpus(const CorpusOptions& options) {
  if (options.train.empty()) throw TextError("no text to train on: expected a file, or - for standard input");
  const auto read = [](const std::filesystem::path& file) -> NamedText {
    if (file.empty()) return {};
    return {file == "-" ? "standard input" : file.string(), read_text(file)};
  };
  return make_corpus(options, read(options.train), read(options.valid), read(options.test));
}

}  // namespace unroll
