#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "experiments/export/exported_sweep.hpp"

namespace unroll {

/// A form in which sweeps are handed to other programs.
struct ExportFormat {
  std::string_view name;     ///< "sqlite"
  std::string_view target;   ///< name of the file or folder, where none is given, in the sweep's folder
  std::string_view meaning;  ///< one line
  bool takes_timing;         ///< whether it has a place for ExportedSweep::timing
  /// Whether what stands at a path was written by this format, and nothing else would go with it.
  bool (*wrote)(const std::filesystem::path& path);
  /// Replaces what it wrote before; whoever reads meanwhile sees the old files or the new ones. Throws
  /// FileError.
  void (*write)(const ExportedSweep& sweep, const std::filesystem::path& target);
};

/// The list of all formats.
std::span<const ExportFormat> export_formats();

const ExportFormat& csv_format();
const ExportFormat& jsonl_format();
const ExportFormat& sqlite_format();
const ExportFormat& tensorboard_format();

/// The first bytes of a file, at most `count`; none of what is no file. Throws FileError.
std::string first_bytes(const std::filesystem::path& file, std::size_t count);

/// The names in a folder, sorted. Throws FileError.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace unroll
