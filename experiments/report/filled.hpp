#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace unroll {

/// Replaces every {{name}} of `text`, in one pass: what is put in is not looked at again.
template <class Value>
std::string filled(std::string_view text, const Value& value_of) {
  std::string out;
  for (std::size_t begin = text.find("{{"); begin != std::string_view::npos; begin = text.find("{{")) {
    const std::size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) throw std::logic_error("report template: '{{' without '}}'");
    out += text.substr(0, begin);
    out += value_of(text.substr(begin + 2, end - begin - 2));
    text.remove_prefix(end + 2);
  }
  out += text;
  return out;
}

}  // namespace unroll
