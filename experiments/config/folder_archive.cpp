#include "experiments/config/folder_archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <new>
#include <system_error>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw ConfigError(fmt::format("{}: {}", path.string(), what));
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void check_kind(const fs::directory_entry& entry) {
  std::error_code error;
  const fs::file_status status = entry.status(error);  // of what a link leads to
  if (error && status.type() == fs::file_type::none) refuse(entry.path(), error.message());
  if (status.type() == fs::file_type::not_found) refuse(entry.path(), "the link leads nowhere");
  if (fs::is_directory(status) && entry.is_symlink())
    refuse(entry.path(), "a link to a folder: its files may be counted twice; name that folder itself");
  if (!fs::is_directory(status) && !fs::is_regular_file(status))
    refuse(entry.path(), "expected a file or a folder, found something else (a pipe or a device)");
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (is_hidden(at->path())) {
      at.disable_recursion_pending();
      continue;
    }
    check_kind(*at);
    if (at->is_directory()) continue;
    files.push_back(at->path());
    bytes += at->file_size();
    if (bytes > most_folder_bytes || files.size() > most_folder_files)
      refuse(folder, fmt::format("more than {} bytes or {} files in a folder, the most that is read",
                                 most_folder_bytes, most_folder_files));
  }
  if (error) refuse(folder, error.message());
  std::ranges::sort(files);
  return files;
}

la_ssize_t append(archive*, void* to, const void* bytes, std::size_t count) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

/// libarchive's writer into a string.
class TarWriter {
 public:
  TarWriter() : archive_(archive_write_new(), archive_write_free) {
    archive_write_set_format_pax_restricted(archive_.get());
    archive_write_set_format_option(archive_.get(), "pax", "hdrcharset", "BINARY");  // names are bytes
    check(archive_write_open(archive_.get(), &tar_, nullptr, append, nullptr));
  }

  void add(const std::string& name, const std::string& bytes) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    check(archive_write_header(archive_.get(), entry.get()));
    if (archive_write_data(archive_.get(), bytes.data(), bytes.size()) < 0) check(ARCHIVE_FATAL);
  }

  std::string finished() {
    check(archive_write_close(archive_.get()));
    return std::move(tar_);
  }

 private:
  void check(int status) const {
    if (status < ARCHIVE_WARN)
      throw ConfigError(fmt::format("[folder_as_tar] {}", archive_error_string(archive_.get())));
  }

  std::string tar_;
  std::unique_ptr<archive, decltype(&archive_write_free)> archive_;
};

}  // namespace

std::string bytes_in(const fs::path& path) {
  try {
    return read_file(path);
  } catch (const FileError& error) {
    throw ConfigError(error.what());
  } catch (const std::bad_alloc&) {
    std::error_code none;
    throw ConfigError(fmt::format("{}: its {} bytes do not fit into the memory that can be had",
                                  path.string(), fs::file_size(path, none)));
  }
}

std::string folder_as_tar(const fs::path& folder) {
  TarWriter tar;
  for (const fs::path& file : files_in(folder))
    tar.add(file.lexically_relative(folder).generic_string(), bytes_in(file));
  return tar.finished();
}

}  // namespace unroll
