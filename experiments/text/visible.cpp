#include "experiments/text/visible.hpp"

#include <algorithm>

#include "experiments/text/unicode.hpp"

namespace unroll {
namespace {

/// Of Unicode's bidirectional algorithm: what is shown may then have another order than what is there.
bool turns_direction(utf8proc_int32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool steers(const CodePoint& point) {
  return point.bytes == 0 || utf8proc_category(point.value) == UTF8PROC_CATEGORY_CC ||
         turns_direction(point.value);
}

/// "␊" for a line end.
std::string picture_of(utf8proc_int32_t c) {
  constexpr utf8proc_int32_t first = 0x2400, del = 0x2421;
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(c == 0x7F ? del : first + c, bytes);
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

template <class Replacement>
std::string replaced(std::string_view text, const Replacement& instead) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(point.bytes, 1));
    if (steers(point))
      shown += instead(point);
    else
      shown += bytes;
    text.remove_prefix(bytes.size());
  }
  return shown;
}

}  // namespace

std::string fit_for_terminal(std::string_view text) {
  return replaced(text, [](const CodePoint& point) -> std::string {
    const bool stays = point.bytes == 1 && (point.value == '\n' || point.value == '\t');
    return stays ? std::string(1, static_cast<char>(point.value)) : "?";
  });
}

std::string fit_for_cell(std::string_view text) {
  return replaced(text, [](const CodePoint& point) -> std::string {
    const bool has_picture = point.bytes == 1 && (point.value < 0x20 || point.value == 0x7F);
    return has_picture ? picture_of(point.value) : "?";
  });
}

}  // namespace unroll
