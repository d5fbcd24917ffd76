#pragma once

#include <compare>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace unroll {

/// What task.text and its like hold: a file of text, read when the config is. Results depend on what it says,
/// not on where it is: two values are the same trial's when their hashes agree. Written with its hash,
/// "/data/input.txt@3fa9c2d1e07b5566", it says which trial's it is by itself, so that results can be looked
/// at when the file is gone; it is no text to learn from when the file says something else by then.
struct TextFile {
  std::string path;
  std::string hash;                            ///< XXH3-64 of the text, 16 hex digits; empty where not read
  std::shared_ptr<const std::string> content;  ///< null where there is no such file, or another text in it
  std::string problem = {};                    ///< what is wrong with a file that is there but unusable

  bool empty() const { return path.empty(); }
  std::strong_ordering operator<=>(const TextFile& other) const;
  bool operator==(const TextFile& other) const { return (*this <=> other) == 0; }
};

/// `given` against `folder`, or the current one. A file that cannot be found has no content. Throws
/// ConfigError for one that is no text (empty, not UTF-8); given with its hash, that is its `problem`, and so
/// is another hash.
TextFile read_text_file(std::string_view given, const std::filesystem::path& folder = {});

/// As a config says it, so that it means the same wherever that config is.
std::string with_hash(const TextFile& file);

}  // namespace unroll
