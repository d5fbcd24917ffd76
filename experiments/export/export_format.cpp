#include "experiments/export/export_format.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include "framework/tensor/file.hpp"

namespace unroll {

std::span<const ExportFormat> export_formats() {
  static const std::array formats = {csv_format(), jsonl_format(), sqlite_format(), tensorboard_format()};
  return formats;
}

std::string first_bytes(const std::filesystem::path& file, std::size_t count) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return "";
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse_file("cannot read", file, errno);
  std::string bytes(count, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(folder, error); !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  if (error) throw FileError("cannot read the folder", folder, error.value());
  std::ranges::sort(names);
  return names;
}

}  // namespace unroll
