#include "experiments/studies/study_list.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

#include "framework/tensor/embedded_file.hpp"

namespace unroll {

/// By scripts/embed.cmake.
std::span<const EmbeddedFile> embedded_studies();

namespace {

/// In the order of the literature: a study whose file stands here comes with the program.
constexpr std::array<std::string_view, 11> names = {
    "gradient-flow", "lstm-1997",      "odyssey", "adding",           "lem-adding", "temporal-order",
    "copy-memory",   "state-tracking", "char-lm", "orthogonal-start", "pixels"};

StudyRow row_of(std::string_view name) {
  const auto files = embedded_studies();
  const std::string file = std::string(name) + ".toml";
  const auto found = std::ranges::find(files, file, &EmbeddedFile::name);
  if (found == files.end()) throw std::logic_error("no study " + file + " is embedded in the program");
  return {std::string(name), std::string(found->content)};
}

}  // namespace

const StudyList& standard_studies() {
  static const StudyList list = [] {
    StudyList rows;
    for (const std::string_view name : names) rows.push_back(row_of(name));
    return rows;
  }();
  return list;
}

StudyList all_studies(const Laboratory& laboratory) {
  StudyList all = standard_studies();
  all.insert(all.end(), laboratory.studies().begin(), laboratory.studies().end());
  return all;
}

}  // namespace unroll
