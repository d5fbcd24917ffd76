#include "experiments/config/input_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <system_error>
#include <tuple>

#include "experiments/config/config_error.hpp"
#include "experiments/config/folder_archive.hpp"
#include "experiments/config/text.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::size_t hash_digits = 16;

struct NamedFile {
  std::string_view path;
  std::string_view hash;  ///< empty where none is given
};

NamedFile split_hash(std::string_view given) {
  const std::size_t at = given.rfind('@');
  if (at == std::string_view::npos || given.size() - at - 1 != hash_digits) return {given, {}};
  const std::string_view hash = given.substr(at + 1);
  const bool is_hash = hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_hash ? NamedFile{given.substr(0, at), hash} : NamedFile{given, {}};
}

/// As it was given where the current folder is gone.
std::string absolute_text(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  return (error ? path : whole).lexically_normal().string();
}

/// A device like /dev/zero has no end.
void refuse_device(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::status(path, error).type();
  if (type != std::filesystem::file_type::character && type != std::filesystem::file_type::block) return;
  throw ConfigError(fmt::format("{}: expected a file, found a device", path.string()));
}

InputFile read(const std::filesystem::path& path) {
  refuse_device(path);
  InputFile file{absolute_text(path), "", nullptr};
  std::error_code none;
  file.folder = std::filesystem::is_directory(path, none);
  file.content = std::make_shared<const std::string>(file.folder ? folder_as_tar(path) : bytes_in(path));
  file.hash = hex_hash(*file.content);
  return file;
}

/// Where the hash says which text is meant, the file is not needed to tell trials apart.
InputFile read(const std::filesystem::path& path, const NamedFile& named) {
  if (named.hash.empty()) return read(path);
  InputFile unusable{absolute_text(path), std::string(named.hash), nullptr};
  try {
    InputFile file = read(path);
    if (file.hash == named.hash) return file;
    unusable.problem = fmt::format(
        "{}: this file has the hash {}, but the config was made for one with {}: the file changed since",
        file.path, file.hash, named.hash);
  } catch (const ConfigError& error) {
    unusable.problem = error.what();
  }
  return unusable;
}

}  // namespace

std::strong_ordering InputFile::operator<=>(const InputFile& other) const {
  return std::tie(path, hash) <=> std::tie(other.path, other.hash);
}

InputFile read_input_file(std::string_view given, const std::filesystem::path& folder) {
  const NamedFile named = split_hash(given);
  if (named.path.empty()) return {};
  std::error_code ignored;
  for (const bool folders : {false, true})
    for (const std::filesystem::path& path : {folder / named.path, std::filesystem::path(named.path)})
      if (std::filesystem::exists(path, ignored) && std::filesystem::is_directory(path, ignored) == folders)
        return read(path, named);
  return {std::string(named.path), std::string(named.hash), nullptr};
}

const std::string& content_of(const InputFile& file) {
  if (file.folder) throw ConfigError(fmt::format("{}: expected a file, found a folder", file.path));
  return archive_of(file);
}

const std::string& archive_of(const InputFile& file) {
  if (!file.problem.empty()) throw ConfigError(file.problem);
  if (file.content) return *file.content;
  throw ConfigError(
      fmt::format("there is no file \"{}\" (looked for beside the config file and in the current folder)",
                  printable(file.path)));
}

std::string with_hash(const InputFile& file) {
  return file.hash.empty() ? file.path : fmt::format("{}@{}", file.path, file.hash);
}

}  // namespace unroll
