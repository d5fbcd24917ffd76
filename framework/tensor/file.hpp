#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace unroll {

/// The operating system refused a file: the message names the file and says why.
class FileError : public std::runtime_error {
 public:
  FileError(std::string_view what, const std::filesystem::path& path, int error);
  int error() const { return error_; }  ///< errno

 private:
  int error_;
};

/// Throws FileError. What the arguments are is known before anything is allocated: `throw FileError(...,
/// errno)` would read errno after memory for the exception was asked for, which may change it.
[[noreturn]] void refuse_file(std::string_view what, const std::filesystem::path& path, int error);

/// An open file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// 16 hex digits from the operating system's generator: names that two processes never share.
std::string random_hex();

/// The file from byte `from` to its end. Throws FileError.
std::string read_file(const std::filesystem::path& path, std::size_t from = 0);

/// Writes all of `bytes`; 0, or errno of the write that failed.
int write_all(int fd, std::string_view bytes);

/// Makes `path` hold `bytes`: a temporary file beside it, flushed to the disk and renamed, so that a reader
/// sees the old content or the new. A file that holds `bytes` already is left alone. Throws FileError.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Makes a file that holds `bytes`, all of them from the first moment on. False where there is such a file
/// already, which stays: of several processes, on several machines, one wins. A link, or a rename that
/// replaces nothing where there are no links. Throws FileError.
bool create_file(const std::filesystem::path& path, std::string_view bytes);

/// What write_file() and create_file() left in `folder` and those below it in processes that were killed
/// meanwhile: files `.NAME.<16 hex digits>` that nobody writes now, in no process. What cannot be removed
/// stays.
void remove_unfinished_files(const std::filesystem::path& folder);

/// Makes `folder` and those above it where missing. Throws FileError.
void make_folders(const std::filesystem::path& folder);
/// Makes `folder` and those above it, up to `base`, which contains it and is not made: a folder that was
/// deleted on purpose does not come back. Throws FileError.
void make_folders_below(const std::filesystem::path& base, const std::filesystem::path& folder);

/// Makes the names in `folder` durable.
void sync_folder(const std::filesystem::path& folder);

}  // namespace unroll
