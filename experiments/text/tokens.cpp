#include <algorithm>

#include "experiments/text/text.hpp"
#include "experiments/text/unicode.hpp"

namespace unroll {

namespace {

using TokenList = std::vector<std::string_view>;

std::size_t length_of_first(std::string_view text) {
  return std::max<std::size_t>(1, first_code_point(text).bytes);
}

TokenList characters_of(std::string_view text) {
  TokenList tokens;
  tokens.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = length_of_first(text.substr(at));
    tokens.push_back(text.substr(at, length));
    at += length;
  }
  return tokens;
}

/// Bytes of `text` up to the first code point that `ends`.
template <class Ends>
std::size_t length_until(std::string_view text, Ends ends) {
  std::size_t at = 0;
  while (at < text.size() && !ends(first_code_point(text.substr(at)).value))
    at += length_of_first(text.substr(at));
  return at;
}

bool binds_inside_a_word(utf8proc_int32_t c) {
  switch (c) {
    case '\'':
    case '-':
    case 0x2019:  // right single quotation mark
    case 0x2010:  // hyphen
    case 0x2011:  // non-breaking hyphen
      return true;
    default:
      return false;
  }
}

/// Letters and digits from the start of `text`, with single apostrophes and hyphens between them.
std::size_t word_length(std::string_view text) {
  const auto outside = [](utf8proc_int32_t c) { return !is_word_part(c); };
  std::size_t length = length_until(text, outside);
  while (length > 0 && length < text.size()) {
    const CodePoint mark = first_code_point(text.substr(length));
    if (!binds_inside_a_word(mark.value)) break;
    const std::size_t after = length_until(text.substr(length + mark.bytes), outside);
    if (after == 0) break;
    length += mark.bytes + after;
  }
  return length;
}

/// A name in angle brackets from the start of `text`, such as <unk>, or 0.
std::size_t bracketed_length(std::string_view text) {
  if (text.front() != '<') return 0;
  const std::size_t name = length_until(
      text.substr(1), [](utf8proc_int32_t c) { return !is_word_part(c) && c != '_' && c != '-'; });
  const bool closed = name > 0 && name + 1 < text.size() && text[name + 1] == '>';
  return closed ? name + 2 : 0;
}

/// A mark or symbol from the start of `text`, with what combines with it.
std::size_t mark_length(std::string_view text) {
  const std::size_t length = length_of_first(text);
  return length + length_until(text.substr(length), [](utf8proc_int32_t c) { return !is_upon_another(c); });
}

void add_parts(std::string_view word, TokenList& tokens) {
  while (!word.empty()) {
    std::size_t length = bracketed_length(word);
    if (length == 0) length = word_length(word);
    if (length == 0) length = mark_length(word);
    tokens.push_back(word.substr(0, length));
    word.remove_prefix(length);
  }
}

void add_words_of_line(std::string_view line, Words words, TokenList& tokens) {
  while (true) {
    line.remove_prefix(length_until(line, [](utf8proc_int32_t c) { return !is_white_space(c); }));
    if (line.empty()) return;
    const std::string_view word = line.substr(0, length_until(line, is_white_space));
    line.remove_prefix(word.size());
    if (words == Words::spaces)
      tokens.push_back(word);
    else
      add_parts(word, tokens);
  }
}

TokenList words_of(std::string_view text, Words words) {
  TokenList tokens;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add_words_of_line(text.substr(0, end), words, tokens);
    tokens.push_back(end_of_line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return tokens;
}

bool is_one_code_point(std::string_view token) { return length_of_first(token) == token.size(); }

/// No space stands before: a closing mark, or what English tokenisers cut from a word's end ('s, n't).
bool clings_to_the_left(std::string_view token) {
  if (token == "n't" || token == "''" || token == "...") return true;
  const utf8proc_int32_t c = first_code_point(token).value;
  if (c == '\'' || c == 0x2019) return true;
  if (!is_one_code_point(token)) return false;
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_PE || category == UTF8PROC_CATEGORY_PF ||
         std::string_view(".,;:!?%").find(token) != std::string_view::npos || c == 0x2026;  // ellipsis
}

/// No space stands after: an opening mark.
bool clings_to_the_right(std::string_view token) {
  if (token == "``") return true;
  if (!is_one_code_point(token)) return false;
  const utf8proc_category_t category = utf8proc_category(first_code_point(token).value);
  return category == UTF8PROC_CATEGORY_PS || category == UTF8PROC_CATEGORY_PI || token == "$";
}

}  // namespace

TokenList tokens_of(std::string_view text, Level level, Words words) {
  return level == Level::characters ? characters_of(text) : words_of(text, words);
}

std::vector<std::string> split(std::string_view text, Level level, Words words) {
  const TokenList tokens = tokens_of(text, level, words);
  return {tokens.begin(), tokens.end()};
}

std::string Joiner::next(std::string_view token) {
  if (level_ == Level::characters) return std::string(token);
  if (token.empty()) return {};
  if (token == end_of_line) {
    space_ = open_quote_ = false;
    return "\n";
  }
  const bool quote = token == "\"";
  const bool left = clings_to_the_left(token) || (quote && open_quote_);
  const bool right = clings_to_the_right(token) || (quote && !open_quote_);
  if (quote) open_quote_ = !open_quote_;
  std::string printed = space_ && !left ? " " : "";
  space_ = !right;
  return printed += token;
}

std::string join(const std::vector<std::string>& tokens, Level level) {
  Joiner joiner(level);
  std::string text;
  for (const std::string& token : tokens) text += joiner.next(token);
  return text;
}

}  // namespace unroll
