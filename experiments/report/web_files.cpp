#include "experiments/report/web_files.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>

#include "framework/tensor/embedded_file.hpp"

namespace unroll {

/// By scripts/embed.cmake.
std::span<const EmbeddedFile> embedded_web_files();

std::string_view web_file(std::string_view name) {
  const auto files = embedded_web_files();
  const auto found = std::ranges::find(files, name, &EmbeddedFile::name);
  if (found == files.end())
    throw std::out_of_range("no file " + std::string(name) + " is embedded in the program");
  return found->content;
}

std::string page_template(std::string_view name) {
  constexpr std::string_view mark = "{{head.html}}";
  std::string text(web_file(name));
  if (!text.starts_with(mark))
    throw std::logic_error(std::string(name) + " does not begin with the shared head");
  return text.replace(0, mark.size(), web_file("head.html"));
}

}  // namespace unroll
