#pragma once

#include <utf8proc.h>

#include <cstddef>
#include <string_view>

namespace unroll {

/// One code point of a UTF-8 text and the bytes that it takes there.
struct CodePoint {
  utf8proc_int32_t value = 0;
  std::size_t bytes = 0;  ///< 0: what stands here is no UTF-8 (then `value` means nothing)
};

/// The code point that begins `text`, which is not empty.
inline CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  CodePoint found;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                      static_cast<utf8proc_ssize_t>(text.size()), &found.value);
  found.bytes = bytes < 0 ? 0 : static_cast<std::size_t>(bytes);
  return found;
}

/// White space as Unicode has it, line ends included.
inline bool is_white_space(utf8proc_int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  if (c == 0x85) return true;  // next line
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

/// A letter, a digit or number, a mark upon them, or a character without width that joins or parts them.
inline bool is_word_part(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_CF:
      return true;
    default:
      return false;
  }
}

/// What belongs to the character before it: a combining mark or a character without width.
inline bool is_upon_another(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
      return true;
    default:
      return false;
  }
}

}  // namespace unroll
