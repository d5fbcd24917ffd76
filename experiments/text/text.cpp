#include "experiments/text/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <new>
#include <optional>

#include "experiments/text/unicode.hpp"

namespace unroll {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Offset of the first byte that begins no code point, or that is NUL, which no text has.
std::optional<std::size_t> first_bad_byte(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = bytes[at] == '\0' ? 0 : first_code_point(bytes.substr(at)).bytes;
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

bool begins_with_utf16_mark(std::string_view bytes) {
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
}

bool is_control(char byte) {
  const auto c = static_cast<unsigned char>(byte);
  return c < 0x20 && !(c >= '\t' && c <= '\r');
}

/// Continuation bytes that the code point beginning with `lead` has.
std::size_t continuation_bytes(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 1;
  if (lead >= 0xE0 && lead <= 0xEF) return 2;
  if (lead >= 0xF0 && lead <= 0xF4) return 3;
  return 0;
}

/// The text ends inside of the code point that begins at `at`.
bool is_cut_off(std::string_view bytes, std::size_t at) {
  const std::string_view rest = bytes.substr(at + 1);
  return rest.size() < continuation_bytes(static_cast<unsigned char>(bytes[at])) &&
         std::all_of(rest.begin(), rest.end(), [](char c) { return (c & 0xC0) == 0x80; });
}

std::string_view likely_cause(std::string_view bytes, std::size_t at) {
  constexpr std::size_t looked_at = 4096;  // around the bad byte
  const std::string_view around = bytes.substr(at - std::min(at, looked_at / 2), looked_at);
  const auto zeros = std::count(around.begin(), around.end(), '\0');
  if (begins_with_utf16_mark(bytes) || zeros * 3 > static_cast<std::ptrdiff_t>(around.size()))
    return "it looks like UTF-16; convert it with: iconv -f UTF-16 -t UTF-8";
  const auto controls = std::count_if(around.begin(), around.end(), is_control);
  if (controls * 50 > static_cast<std::ptrdiff_t>(around.size())) return "it looks like a binary file";
  if (zeros > 0) return "a text has no NUL; is it a binary file?";
  if (is_cut_off(bytes, at)) return "it ends inside of a character: was it cut off?";
  return "perhaps it is Latin-1 or Windows-1252; convert it with: iconv -f WINDOWS-1252 -t UTF-8";
}

[[noreturn]] void refuse(std::string_view bytes, std::size_t at, std::string_view name) {
  const auto line = 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  throw TextError(fmt::format("{}: byte 0x{:02X} at offset {} (line {}) is {}; {}", name,
                              static_cast<unsigned char>(bytes[at]), at, line,
                              bytes[at] == '\0' ? "no text" : "not UTF-8", likely_cause(bytes, at)));
}

void make_line_ends_lf(std::string& text) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    text[kept++] = text[i];
  }
  text.resize(kept);
}

std::string all_of(std::istream& stream, std::string_view name) {
  std::string bytes;
  std::vector<char> block(std::size_t{1} << 16);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())), stream.gcount() > 0)
    bytes.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  const int error = errno;  // before anything is allocated
  if (stream.bad()) throw TextError(fmt::format("{}: cannot be read: {}", name, std::strerror(error)));
  return bytes;
}

}  // namespace

std::string checked_text(std::string bytes, std::string_view name) {
  if (const auto at = first_bad_byte(bytes)) refuse(bytes, *at, name);
  if (std::string_view(bytes).starts_with(byte_order_mark)) bytes.erase(0, byte_order_mark.size());
  if (bytes.empty()) throw TextError(fmt::format("{}: is empty; expected a text", name));
  if (bytes.find('\r') != std::string::npos) make_line_ends_lf(bytes);
  return bytes;
}

namespace {

std::string text_in(const std::filesystem::path& file) {
  if (file == "-") return checked_text(all_of(std::cin, "standard input"), "standard input");
  const std::string name = file.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    throw TextError(fmt::format("{}: is a folder; expected a text file", name));
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  const int error = errno;
  if (!stream) throw TextError(fmt::format("{}: cannot be opened: {}", name, std::strerror(error)));
  return checked_text(all_of(stream, name), name);
}

}  // namespace

std::string read_text(const std::filesystem::path& file) {
  try {
    return text_in(file);
  } catch (const std::bad_alloc&) {
    std::error_code unknown;
    const auto bytes = std::filesystem::file_size(file, unknown);
    throw TextError(fmt::format("{}: the text{} does not fit into the memory that can be had", file.string(),
                                unknown ? "" : fmt::format(" of {} bytes", bytes)));
  }
}

}  // namespace unroll
