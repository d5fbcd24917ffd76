#include "experiments/studies/study_list.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <stdexcept>

#include "framework/tensor/embedded_file.hpp"

namespace unroll {

/// By scripts/embed.cmake.
std::span<const EmbeddedFile> embedded_studies();

namespace {

/// In the order of the literature: a study whose file stands here comes with the program.
constexpr std::array<std::string_view, 15> names = {
    "gradient-flow",  "flossing", "latching",   "lstm-1997",        "lstm-2000s",
    "odyssey",        "adding",   "lem-adding", "temporal-order",   "copy-memory",
    "state-tracking", "chaos",    "char-lm",    "orthogonal-start", "pixels"};

StudyRow row_of(std::string_view name, const std::map<std::string, std::string>& cells) {
  const auto files = embedded_studies();
  const std::string file = std::string(name) + ".toml";
  const auto found = std::ranges::find(files, file, &EmbeddedFile::name);
  if (found == files.end()) throw std::logic_error("no study " + file + " is embedded in the program");
  return {std::string(name), std::string(found->content), cells};
}

std::map<std::string, std::string> embedded_cells() {
  std::map<std::string, std::string> cells;
  for (const EmbeddedFile& file : embedded_studies())
    if (file.name.ends_with(".cell")) cells.emplace(file.name, file.content);
  return cells;
}

}  // namespace

const StudyList& standard_studies() {
  static const StudyList list = [] {
    StudyList rows;
    const std::map<std::string, std::string> cells = embedded_cells();
    for (const std::string_view name : names) rows.push_back(row_of(name, cells));
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
