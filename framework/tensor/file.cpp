#include "framework/tensor/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "framework/tensor/large_pages.hpp"

namespace unroll {

FileError::FileError(std::string_view what, const std::filesystem::path& path, int error)
    : std::runtime_error(
          fmt::format("{} {}: {} (errno {})", what, path.string(), std::strerror(error), error)),
      error_(error) {}

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
  if (!file) throw FileError("cannot read", path, errno);
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
    if (n < 0) throw FileError("cannot read", path, errno);
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

int write_and_sync(const std::filesystem::path& path, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) return errno;
  if (const int error = write_all(file.get(), text)) return error;
  return ::fsync(file.get()) == 0 ? 0 : errno;
}

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view text) {
  if (holds(path, text)) return;
  const auto temporary = path.parent_path() / fmt::format(".{}.{}", path.filename().string(), random_hex());
  int error = write_and_sync(temporary, text);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    throw FileError("cannot write", path, error);
  }
  sync_folder(path.parent_path());
}

void sync_folder(const std::filesystem::path& folder) {
  // Some network file systems refuse to sync a folder; their renames are durable by themselves.
  const Descriptor handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle) ::fsync(handle.get());
}

}  // namespace unroll
