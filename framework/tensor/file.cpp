#include "framework/tensor/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "framework/tensor/large_pages.hpp"

namespace unroll {

FileError::FileError(std::string_view what, const std::filesystem::path& path, int error)
    : std::runtime_error(
          fmt::format("{} {}: {} (errno {})", what, path.string(), std::strerror(error), error)),
      error_(error) {}

void refuse_file(std::string_view what, const std::filesystem::path& path, int error) {
  throw FileError(what, path, error);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string random_hex() {
  std::uint64_t bits = 0;
  while (::getrandom(&bits, sizeof bits, 0) != sizeof bits) {
  }
  return fmt::format("{:016x}", bits);
}

std::string read_file(const std::filesystem::path& path, std::size_t from) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) refuse_file("cannot read", path, errno);
  if (from != 0) ::lseek(file.get(), static_cast<off_t>(from), SEEK_SET);
  std::string text;
  struct stat known;  // to grow a large file's text again and again would cost more than to read it
  if (::fstat(file.get(), &known) == 0 && known.st_size > static_cast<off_t>(from))
    text.reserve(static_cast<std::size_t>(known.st_size) - from);
  prefer_large_pages(text.data(), text.capacity());
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) refuse_file("cannot read", path, errno);
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

namespace {

bool holds(const std::filesystem::path& path, std::string_view text) {
  std::error_code none;
  return std::filesystem::file_size(path, none) == text.size() && !none && read_file(path) == text;
}

/// Whether another process took it for unfinished before it was locked.
bool is_gone(int fd) {
  struct stat known;
  return ::fstat(fd, &known) == 0 && known.st_nlink == 0;
}

/// A file beside another, that holds what it will. It is locked while it is written, by which
/// remove_unfinished_files() knows that somebody does; where a file system has no locks, none is removed.
struct Temporary {
  std::filesystem::path path;
  Descriptor file;
};

Temporary make_temporary(const std::filesystem::path& beside) {
  for (;;) {
    Temporary made;
    made.path = beside.parent_path() / fmt::format(".{}.{}", beside.filename().string(), random_hex());
    made.file = Descriptor(::open(made.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!made.file) refuse_file("cannot write", beside, errno);
    ::flock(made.file.get(), LOCK_EX);
    if (!is_gone(made.file.get())) return made;
  }
}

bool is_temporary(const std::string& name) {
  constexpr std::size_t digits = 16;
  if (name.size() < digits + 3 || name[0] != '.' || name[name.size() - digits - 1] != '.') return false;
  return name.find_first_not_of("0123456789abcdef", name.size() - digits) == std::string::npos;
}

void remove_unless_written(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
}

/// 0, or errno of what failed.
int fill(const Temporary& temporary, std::string_view text) {
  const int error = write_all(temporary.file.get(), text);
  return error == 0 && ::fsync(temporary.file.get()) != 0 ? errno : error;
}

/// A network file system may say that a link was there before which its lost first answer made.
bool has_two_names(int fd) {
  struct stat known;
  return ::fstat(fd, &known) == 0 && known.st_nlink == 2;
}

/// 0, EEXIST, or errno of what failed.
int give_name(const Temporary& temporary, const std::filesystem::path& path) {
  const int error = ::link(temporary.path.c_str(), path.c_str()) == 0 ? 0 : errno;
  if (error == 0 || has_two_names(temporary.file.get())) return 0;
  if (error != EPERM && error != EOPNOTSUPP && error != ENOSYS) return error;
  const bool renamed =
      ::renameat2(AT_FDCWD, temporary.path.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
  return renamed ? 0 : errno;
}

using GiveName = int (*)(const Temporary&, const std::filesystem::path&);

int replace_by(const Temporary& temporary, const std::filesystem::path& path) {
  return ::rename(temporary.path.c_str(), path.c_str()) == 0 ? 0 : errno;
}

/// 0, or errno of what failed. A network file system may keep locks to each host: then another host takes the
/// temporary for unfinished before it has its name, and it is written again.
int write_beside(const std::filesystem::path& path, std::string_view bytes, GiveName give) {
  for (;;) {
    const Temporary temporary = make_temporary(path);
    int error = fill(temporary, bytes);
    if (error == 0) error = give(temporary, path);
    const bool was_there = ::unlink(temporary.path.c_str()) == 0;
    if (error != ENOENT || was_there) return error;
  }
}

}  // namespace

bool create_file(const std::filesystem::path& path, std::string_view bytes) {
  const int error = write_beside(path, bytes, give_name);
  if (error == EEXIST) return false;
  if (error != 0) refuse_file("cannot write", path, error);
  sync_folder(path.parent_path());
  return true;
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  if (holds(path, text)) return;
  const int error = write_beside(path, text, replace_by);
  if (error != 0) refuse_file("cannot write", path, error);
  sync_folder(path.parent_path());
}

void remove_unfinished_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::recursive_directory_iterator
           at(folder, std::filesystem::directory_options::skip_permission_denied, error),
       end;
       !error && at != end; at.increment(error))
    if (is_temporary(at->path().filename().string())) found.push_back(at->path());
  for (const std::filesystem::path& path : found) remove_unless_written(path);
}

void make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) refuse_file("cannot create the folder", folder, error.value());
}

void make_folders_below(const std::filesystem::path& base, const std::filesystem::path& folder) {
  std::filesystem::path made = base;
  for (const std::filesystem::path& name : folder.lexically_relative(base)) {
    made /= name;
    if (::mkdir(made.c_str(), 0777) == 0 || errno == EEXIST) continue;
    refuse_file("cannot create the folder", made, errno);
  }
}

void sync_folder(const std::filesystem::path& folder) {
  // Some network file systems refuse to sync a folder; their renames are durable by themselves.
  const Descriptor handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle) ::fsync(handle.get());
}

}  // namespace unroll
