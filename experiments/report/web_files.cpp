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

}  // namespace unroll
