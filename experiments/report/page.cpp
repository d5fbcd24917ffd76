#include "experiments/report/page.hpp"

#include <stdexcept>

namespace unroll {

std::string filled(std::string_view text, const std::function<std::string(std::string_view name)>& value_of) {
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
