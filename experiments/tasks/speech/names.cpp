#include "experiments/tasks/speech/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

std::size_t column_of(const CsvTable& table, std::string_view name) {
  const auto found = std::ranges::find(table.names, name);
  if (found != table.names.end()) return static_cast<std::size_t>(found - table.names.begin());
  throw DataError(fmt::format("{}: expected the columns file and label, found no column \"{}\"{}", table.file,
                              name, did_you_mean(std::string(name), table.names)));
}

}  // namespace

NamePattern::NamePattern(const OptionSpec& setting, const std::string& pattern)
    : key_(setting.key), pattern_(pattern) {
  try {
    regex_ = std::regex(pattern);
  } catch (const std::regex_error& error) {
    throw DataError(
        fmt::format("{}: \"{}\" is no regular expression: {}", key_, printable(pattern), error.what()));
  }
}

std::optional<std::string> NamePattern::of(const std::string& path) const {
  if (empty()) return std::nullopt;
  const std::string name = pattern_.find('/') == std::string::npos ? file_name(path) : path;
  std::smatch match;
  try {
    if (!std::regex_match(name, match, regex_)) return std::nullopt;
  } catch (const std::regex_error& error) {  // too much to try
    throw DataError(fmt::format("{}: \"{}\" cannot be matched against \"{}\": {}", key_, printable(pattern_),
                                printable(name), error.what()));
  }
  return match[match.size() > 1 ? 1 : 0].str();
}

LabelTable::LabelTable(const InputFile& file) {
  const CsvTable table = read_csv(content_of(file), file.path);
  const std::size_t files = column_of(table, "file"), labels = column_of(table, "label");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string name = std::filesystem::path(table.field(row, files)).lexically_normal().string();
    if (!labels_.emplace(name, table.field(row, labels)).second)
      throw DataError(fmt::format("{}: line {}: the file \"{}\" has a label already", table.file,
                                  table.lines[row], printable(name)));
  }
}

std::optional<std::string> LabelTable::of(const std::string& path) const {
  auto found = labels_.find(path);
  if (found == labels_.end()) found = labels_.find(file_name(path));
  if (found == labels_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

std::string folder_name(const std::string& path) {
  return std::filesystem::path(path).parent_path().filename().string();
}

}  // namespace unroll
