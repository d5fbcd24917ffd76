#include "experiments/config/input_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "experiments/config/config_error.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 20'000, most_bytes = std::size_t{1} << 30;

[[noreturn]] void refuse(const fs::path& path, std::string_view why) {
  throw ConfigError(fmt::format("{}: {}", path.string(), why));
}

bool is_hidden(const fs::path& path) { return path.filename().native().starts_with('.'); }

/// Links to files count as files, links to folders are not followed.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  fs::recursive_directory_iterator at(folder, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    std::error_code none;
    if (is_hidden(at->path())) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file(none)) {
      files.push_back(at->path());
    }
    if (files.size() > most_files)
      refuse(folder, fmt::format("there are more than {} files in this folder: is it the one that is meant?",
                                 most_files));
  }
  if (error) refuse(folder, fmt::format("cannot read this folder: {}", error.message()));
  std::ranges::sort(files);
  return files;
}

std::string bytes_of(const fs::path& file) {
  std::error_code none;
  if (fs::file_size(file, none) == 0) return "";  // also what only looks like a file, below /proc
  try {
    return read_file(file);
  } catch (const FileError& error) {
    throw ConfigError(error.what());
  }
}

std::size_t number_at(std::string_view packed, std::size_t& at) {
  std::size_t number = 0;
  const char* first = packed.data() + at;
  const auto [end, error] = std::from_chars(first, packed.data() + packed.size(), number);
  at += static_cast<std::size_t>(end - first) + 1;
  return number;
}

}  // namespace

bool is_folder(const InputFile& file) { return file.path.ends_with('/'); }

// Each file as "NAME'S LENGTH LENGTH\n", its name and its bytes.
std::string packed_folder(const fs::path& folder) {
  std::string packed;
  for (const fs::path& file : files_below(folder)) {
    const std::string name = file.lexically_relative(folder).string(), bytes = bytes_of(file);
    packed += fmt::format("{} {}\n{}", name.size(), bytes.size(), name);
    packed += bytes;
    if (packed.size() > most_bytes)
      refuse(folder, "there is more than 1 GiB in this folder: is it the one that is meant?");
  }
  return packed;
}

std::vector<NamedBytes> files_in(const InputFile& file) {
  if (!is_folder(file) || !file.content) return {{file.path, content_of(file)}};  // or why there is none
  const std::string_view packed = *file.content;
  std::vector<NamedBytes> files;
  for (std::size_t at = 0; at < packed.size();) {
    const std::size_t name = number_at(packed, at), size = number_at(packed, at);
    files.push_back({file.path + std::string(packed.substr(at, name)), packed.substr(at + name, size)});
    at += name + size;
  }
  return files;
}

}  // namespace unroll
