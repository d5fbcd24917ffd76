#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace unroll {

/// Most bytes and files of a folder that are read.
inline constexpr std::uintmax_t most_folder_bytes = std::uintmax_t{4} << 30;
inline constexpr std::size_t most_folder_files = 500'000;

/// A file's bytes. Throws ConfigError, also where they do not fit into memory.
std::string bytes_in(const std::filesystem::path& path);

/// All files in a folder and those below it, as an uncompressed tar in the order of their paths, which are
/// relative to the folder. Times, owners and rights are left out, so that equal files make equal bytes. Files
/// whose name begins with a dot are no part of it; a link counts as the file that it leads to. Throws
/// ConfigError for a file that cannot be read, for anything that is no file or folder, for a link to a folder
/// and for more than the above.
std::string folder_as_tar(const std::filesystem::path& folder);

}  // namespace unroll
