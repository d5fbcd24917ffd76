#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace unroll {

/// Part of a text, in bytes.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The text of a cell, checked and normalised: valid UTF-8 in the normal form NFC, so that a letter with an
/// accent is one name however an editor stored it.
class Source {
 public:
  /// `name` stands in messages: the file's, or the cell's. Throws EquationError where `text` is no UTF-8
  /// (naming the byte), holds control characters, or is longer than 64 KiB.
  Source(std::string name, std::string_view text);

  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  std::string_view text(Span part) const {
    return std::string_view(text_).substr(part.begin, part.end - part.begin);
  }
  /// From 1; columns count code points.
  std::size_t line_of(std::size_t byte) const;
  std::size_t column_of(std::size_t byte) const;
  /// "FILE:LINE:COLUMN: MESSAGE", the line itself, and a caret below the part.
  std::string message(Span part, std::string_view text) const;

 private:
  std::string_view line_around(std::size_t byte) const;

  std::string name_;
  std::string text_;
};

/// What is wrong with a cell's equations, and where.
struct EquationError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
  EquationError(const Source& source, Span part, std::string_view text)
      : std::invalid_argument(source.message(part, text)) {}
};

}  // namespace unroll
