#include "models/language/names.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

namespace unroll {

bool is_matrix_name(std::string_view name) {
  utf8proc_int32_t first = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                   static_cast<utf8proc_ssize_t>(name.size()), &first);
  return utf8proc_category(first) == UTF8PROC_CATEGORY_LU;
}

bool is_vector_name(std::string_view name) {
  return name == "b" || name.starts_with("b_") || name.starts_with("w_");
}

std::string size_name(std::string_view given) { return "size of " + std::string(given); }

bool is_reserved_name(std::string_view name) {
  constexpr std::string_view reserved[] = {"x",     "hidden", "input", "learned", "act", "state",  "const",
                                           "param", "cell",   "def",   "repeat",  "pi",  "pytorch"};
  return std::ranges::find(reserved, name) != std::end(reserved);
}

}  // namespace unroll
