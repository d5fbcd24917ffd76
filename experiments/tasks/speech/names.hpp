#pragma once

#include <map>
#include <optional>
#include <regex>
#include <string>

#include "experiments/config/input_file.hpp"
#include "experiments/config/option.hpp"

namespace unroll {

/// A setting's regular expression (ECMAScript) for the names of files.
class NamePattern {
 public:
  /// Throws DataError naming the setting where it is none. An empty one matches nothing.
  NamePattern(const OptionSpec& setting, const std::string& pattern);

  bool empty() const { return pattern_.empty(); }
  const std::string& text() const { return pattern_; }
  /// Its first group, or all where it has none, if it matches the whole file name of `path`; the whole path
  /// where the expression holds a slash.
  std::optional<std::string> of(const std::string& path) const;

 private:
  std::string key_, pattern_;
  std::regex regex_;
};

/// The rows of a table of labels: by path, or by file name.
class LabelTable {
 public:
  /// Throws DataError naming the file, with the line where there is one: no columns file and label, a file
  /// twice.
  explicit LabelTable(const InputFile& file);
  std::optional<std::string> of(const std::string& path) const;

 private:
  std::map<std::string, std::string, std::less<>> labels_;
};

/// "a/b.wav" -> "b.wav".
std::string file_name(const std::string& path);
/// "a/b.wav" -> "a"; "" where it lies in no folder.
std::string folder_name(const std::string& path);

}  // namespace unroll
