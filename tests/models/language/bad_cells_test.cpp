#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "framework/tensor/file.hpp"
#include "models/language/equation_cell.hpp"

using namespace unroll;

namespace {

/// The malformed cells of tests/data/cells_bad, each with its message beside it.
std::vector<std::filesystem::path> bad_cells() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(UNROLL_SOURCE_DIR "/tests/data/cells_bad"))
    if (entry.path().extension() == ".cell") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::string message_of(const std::filesystem::path& file) {
  try {
    const EquationCell cell(define_cell(file.filename(), read_file(file)), {2, 3});
    return "no error\n";
  } catch (const std::invalid_argument& error) {  // EquationError, or of these sizes
    return std::string(error.what()) + "\n";
  }
}

}  // namespace

TEST_CASE("[language] every malformed cell gives the message that stands beside it") {
  CHECK(bad_cells().size() >= 35);
  for (std::filesystem::path file : bad_cells()) {
    const std::string message = message_of(file);
    CAPTURE(file.filename());
    CHECK(message == read_file(file.replace_extension(".txt")));
  }
}
