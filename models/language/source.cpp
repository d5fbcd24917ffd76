#include "models/language/source.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace unroll {
namespace {

constexpr std::size_t longest_text = 64 * 1024;

const utf8proc_uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

bool is_blank(utf8proc_int32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

/// Refuses what no editor shows: bytes that are no UTF-8, and control characters.
void check_characters(std::string_view name, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t c = 0;
    const auto length =
        utf8proc_iterate(bytes(text) + at, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    if (length <= 0)
      throw EquationError(
          fmt::format("{}: byte {} (0x{:02x}) is not UTF-8", name, at, static_cast<unsigned char>(text[at])));
    if (utf8proc_category(c) == UTF8PROC_CATEGORY_CC && !is_blank(c))
      throw EquationError(fmt::format("{}: byte {} is the control character U+{:04X}", name, at, c));
    at += static_cast<std::size_t>(length);
  }
}

/// Line ends of every system as \n.
std::string with_line_feeds(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool before_line_feed = i + 1 < text.size() && text[i + 1] == '\n';
    if (text[i] != '\r') result += text[i];
    if (text[i] == '\r' && !before_line_feed) result += '\n';
  }
  return result;
}

std::string normalised(std::string_view text) {
  utf8proc_uint8_t* result = nullptr;
  const auto length = utf8proc_map(bytes(text), static_cast<utf8proc_ssize_t>(text.size()), &result,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(result, std::free);
  if (length < 0) throw EquationError(utf8proc_errmsg(length));
  std::string normal(reinterpret_cast<const char*>(result), static_cast<std::size_t>(length));
  return with_line_feeds(normal);
}

/// Code points; a combining mark is one.
std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Columns on a terminal.
std::size_t width(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t c = 0;
    const auto length =
        utf8proc_iterate(bytes(text) + at, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    if (length <= 0) return sum;
    sum += static_cast<std::size_t>(std::max(0, utf8proc_charwidth(c)));
    at += static_cast<std::size_t>(length);
  }
  return sum;
}

}  // namespace

Source::Source(std::string name, std::string_view text) : name_(std::move(name)) {
  if (text.size() > longest_text)
    throw EquationError(fmt::format("{}: {} bytes; a cell's equations may have {} (is it another file?)",
                                    name_, text.size(), longest_text));
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  check_characters(name_, text);
  text_ = normalised(text);
}

std::size_t Source::line_of(std::size_t byte) const {
  const std::string_view before = std::string_view(text_).substr(0, byte);
  return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

std::size_t Source::column_of(std::size_t byte) const {
  const std::string_view before = std::string_view(text_).substr(0, byte);
  return 1 + count_characters(before.substr(before.rfind('\n') + 1));
}

std::string_view Source::line_around(std::size_t byte) const {
  const std::string_view all = text_;
  const std::size_t begin = all.substr(0, byte).rfind('\n') + 1;
  return all.substr(begin, all.find('\n', byte) - begin);
}

std::string Source::message(Span part, std::string_view text) const {
  const std::size_t at = std::min(part.begin, text_.size());
  std::string line(line_around(at));
  const std::string_view before = std::string_view(text_).substr(0, at);
  const std::size_t indent = width(before.substr(before.rfind('\n') + 1));
  const std::string_view marked = this->text({at, std::max(at, std::min(part.end, text_.size()))});
  const std::size_t length = std::max<std::size_t>(1, width(marked.substr(0, marked.find('\n'))));
  std::ranges::replace(line, '\t', ' ');
  return fmt::format("{}:{}:{}: {}\n  {}\n  {:>{}}{}", name_, line_of(at), column_of(at), text, line, "",
                     indent, std::string(length, '^'));
}

}  // namespace unroll
