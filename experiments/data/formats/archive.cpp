#include "experiments/data/formats/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <set>

#include "experiments/data/data_error.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

class TarReader {
 public:
  TarReader(std::string_view tar, const std::string& name)
      : name_(name), most_(most_unpacked(tar.size())), archive_(archive_read_new(), archive_read_free) {
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_format_tar(archive_.get());
    if (archive_read_open_memory(archive_.get(), tar.data(), tar.size()) != ARCHIVE_OK) refuse_archive();
  }

  void read(const UseArchiveMember& use) {
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(archive_.get(), &entry);
      if (status == ARCHIVE_EOF) return;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) refuse_archive();
      const std::string path = path_of(entry);
      check(entry, path);
      if (archive_entry_filetype(entry) != AE_IFDIR && !is_hidden(path)) use(path, bytes_of(path));
    }
  }

 private:
  static bool is_hidden(const std::string& path) {
    return std::filesystem::path(path).filename().string().starts_with('.');
  }

  static std::string path_of(archive_entry* entry) {
    // Bytes as they stand; what the C locale cannot say is there in UTF-8 alone.
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr) path = archive_entry_pathname_utf8(entry);
    return path == nullptr ? "" : path;
  }

  /// What could reach out of the archive is refused although nothing is written: such a tar was not made of
  /// recordings alone.
  void check(archive_entry* entry, const std::string& path) {
    const std::filesystem::path parts(path);
    if (path.empty()) refuse("an entry without a name", "it is damaged");
    if (parts.is_absolute()) refuse_entry(path, "an absolute path");
    for (const std::filesystem::path& part : parts)
      if (part == "..") refuse_entry(path, "a path with \"..\" in it");
    if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr)
      refuse_entry(path, "a link");
    const auto type = archive_entry_filetype(entry);
    if (type != AE_IFREG && type != AE_IFDIR) refuse_entry(path, "a device or a pipe");
    if (type == AE_IFREG && !paths_.insert(parts.lexically_normal().string()).second)
      refuse_entry(path, "a path that it has already");
  }

  std::string bytes_of(const std::string& path) {
    constexpr std::size_t piece = 1 << 16;
    std::string bytes;
    for (;;) {
      const std::size_t before = bytes.size();
      bytes.resize(before + piece);
      const la_ssize_t read = archive_read_data(archive_.get(), bytes.data() + before, piece);
      if (read < 0) refuse_archive();
      bytes.resize(before + static_cast<std::size_t>(read));
      if (read == 0) return bytes;
      unpacked_ += static_cast<std::uint64_t>(read);
      if (unpacked_ > most_)
        refuse(fmt::format("it unpacks to more than {} bytes (within {})", most_, printable(path)),
               "a hundred times its own size is no archive of recordings");
    }
  }

  [[noreturn]] void refuse_entry(const std::string& path, std::string_view what) const {
    refuse(fmt::format("\"{}\" is {}, expected files and folders with paths below the archive's own",
                       printable(path), what),
           "make it anew of the recordings alone, as by tar -C FOLDER -czf FILE .");
  }

  [[noreturn]] void refuse_archive() const {
    const char* error = archive_error_string(archive_.get());
    refuse(fmt::format("no tar (.tar or .tar.gz), or damaged or cut short before byte {}: {}",
                       archive_filter_bytes(archive_.get(), -1), error == nullptr ? "no header" : error),
           "was the download or copy complete?");
  }

  [[noreturn]] void refuse(const std::string& what, std::string_view cause) const {
    throw DataError(fmt::format("{}: {}; {}", name_, what, cause));
  }

  const std::string& name_;
  std::uint64_t most_, unpacked_ = 0;
  std::set<std::string> paths_;
  std::unique_ptr<archive, decltype(&archive_read_free)> archive_;
};

}  // namespace

void for_each_member(std::string_view tar, const std::string& name, const UseArchiveMember& use) {
  if (tar.empty()) throw DataError(fmt::format("{}: expected a tar, found an empty file", name));
  TarReader(tar, name).read(use);
}

}  // namespace unroll
