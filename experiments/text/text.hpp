#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// A text that cannot be used. The message names the file (or "standard input"), what is wrong with it and
/// where, and the likely cause.
class TextError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a token is.
enum class Level { characters, words };

/// Where one word ends and the next begins.
enum class Words {
  spaces,      ///< at white space only: for texts that are already tokenised, as Penn Treebank's files are
  punctuation  ///< a punctuation mark or symbol is a token of its own as well
};

/// The token that a line end is among words.
inline constexpr std::string_view end_of_line = "<eos>";
/// The token that stands for every token outside the vocabulary.
inline constexpr std::string_view unknown_token = "<unk>";

/// The text in a file, or on standard input for "-": UTF-8, without byte-order mark, every CR LF an LF.
/// @throws TextError if it cannot be read, is empty, is no UTF-8 or holds a NUL (offset and line of the byte)
std::string read_text(const std::filesystem::path& file);

/// The same for bytes that are already there; errors call them `name`.
std::string checked_text(std::string bytes, std::string_view name);

/// Tokens as parts of `text` (and of `end_of_line`), so `text` must outlive them; it must be valid UTF-8.
///
/// Characters: one code point each, a line end as any. Words: every line end gives "<eos>", on empty lines
/// too, and the last line has one with or without a line end. With `Words::punctuation` a word is a run of
/// letters, marks, digits and what has no width, with single apostrophes and hyphens inside; names in angle
/// brackets such as <unk> stay whole; any other code point is a token (marks upon it included).
std::vector<std::string_view> tokens_of(std::string_view text, Level level, Words words = Words::spaces);

/// The same as strings of their own.
std::vector<std::string> split(std::string_view text, Level level, Words words = Words::spaces);

/// Tokens as a text for people, one at a time: characters as they are; words with spaces between them, but
/// none before closing or after opening punctuation; "<eos>" as a line end.
class Joiner {
 public:
  explicit Joiner(Level level) : level_(level) {}

  /// What to print for the next token: the space before it, if any, and the token.
  std::string next(std::string_view token);

 private:
  Level level_;
  bool space_ = false;       // before the next token, unless that forbids it
  bool open_quote_ = false;  // an odd number of plain quotation marks so far on this line
};

std::string join(const std::vector<std::string>& tokens, Level level);

}  // namespace unroll
