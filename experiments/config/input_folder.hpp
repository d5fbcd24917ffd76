#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/input_file.hpp"

namespace unroll {

// A setting that names files of the user's may name a folder: what is in it then stands, packed, in the place
// of a file's content, so that the folder has a hash, and trials on it an identity, as with one file. The
// path of such a value ends with '/'.

/// One of the files that a setting names.
struct NamedBytes {
  std::string path;        ///< of a folder's file: behind the folder's own path
  std::string_view bytes;  ///< in the content of the InputFile that it came from
};

/// Whether it is a folder rather than a file.
bool is_folder(const InputFile& file);

/// The files of a folder and the folders in it, by their paths; of a file itself alone. Throws ConfigError as
/// content_of() does.
std::vector<NamedBytes> files_in(const InputFile& file);

/// What read_input_file() keeps of a folder: its files and those of the folders in it but hidden ones (their
/// names begin with a dot), in the order of their paths. Throws ConfigError for what cannot be read, and for
/// more than anyone means: 20,000 files, 1 GiB.
std::string packed_folder(const std::filesystem::path& folder);

}  // namespace unroll
