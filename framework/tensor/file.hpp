#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace unroll {

/// All bytes of a file. Throws std::runtime_error naming the file and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// Replaces a file as a whole: the bytes go to a new name beside it, reach the disk, and are then renamed, so
/// that a reader sees the old content or the new and a full disk costs nothing. Throws std::runtime_error
/// naming the file and the system's reason; then the old file is as it was and nothing is left beside it.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace unroll
