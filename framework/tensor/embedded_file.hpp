#pragma once

#include <string_view>

namespace unroll {

/// A file that the build puts into the program (scripts/embed.cmake).
struct EmbeddedFile {
  std::string_view name;  ///< without folders
  std::string_view content;
};

}  // namespace unroll
