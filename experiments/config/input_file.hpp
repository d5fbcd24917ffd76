#pragma once

#include <compare>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace unroll {

/// What task.text, task.data and their like hold: a file of the user's, read when the config is. Results
/// depend on what is in it, not on where it is: two values are the same trial's when their hashes agree.
/// Written with its hash, "/data/input.txt@3fa9c2d1e07b5566", it says which trial's it is by itself, so that
/// results can be looked at when the file is gone; it is nothing to learn from when it holds something else
/// by then.
struct InputFile {
  std::string path;
  std::string hash;                            ///< XXH3-64 of the bytes, 16 hex digits; empty where not read
  std::shared_ptr<const std::string> content;  ///< null where there is no such file, or another one by now
  std::string problem = {};                    ///< what is wrong with a file that is there but unusable
  bool folder = false;                         ///< a folder: the content is all files in it, as a tar

  bool empty() const { return path.empty(); }
  std::strong_ordering operator<=>(const InputFile& other) const;
  bool operator==(const InputFile& other) const { return (*this <=> other) == 0; }
};

/// `given` against `folder`, or the current one. A file that cannot be found has no content; a folder has
/// that of a tar (experiments/config/folder_archive.hpp). Throws
/// ConfigError for one that cannot be read; given with its hash, that is its `problem`, and so is another
/// hash.
InputFile read_input_file(std::string_view given, const std::filesystem::path& folder = {});

/// Its bytes. Throws ConfigError saying why there are none, and for a folder.
const std::string& content_of(const InputFile& file);
/// The same, where a folder is welcome as a tar of what is in it.
const std::string& archive_of(const InputFile& file);

/// As a config says it, so that it means the same wherever that config is.
std::string with_hash(const InputFile& file);

}  // namespace unroll
