#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// Records that do not count any more, since their trials are to be trained again: retry-<16 hex>.jsonl in a
/// sweep's folder, one JSON object a line with the trial's id and the checksum of the record's line in a
/// journal. The journals stay as they are. Such a file is made once, whole, and never changed.
struct SetAside {
  std::string id;
  std::string checksum;  ///< 16 hex digits
};

/// Throws FileError.
void write_set_aside(const std::filesystem::path& folder, const std::vector<SetAside>& records);

/// Whether a file of a folder is one of these.
bool is_set_aside_file(const std::filesystem::path& path);

/// The checksums in such a file. Throws ConfigError naming the line that is damaged.
std::set<std::string> read_set_aside(const std::filesystem::path& path);

}  // namespace unroll
