#include "experiments/sweep/folder_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace unroll {

FolderWatch::FolderWatch(std::filesystem::path folder)
    : folder_(std::move(folder)), handle_(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!handle_) refuse_file("cannot open the folder", folder_, errno);
}

bool FolderWatch::is_there() const {
  struct stat opened, named;
  if (::fstat(handle_.get(), &opened) != 0) return false;
  // A network that does not answer is no reason to give up; what cannot be written says so itself.
  if (::stat(folder_.c_str(), &named) != 0) return errno != ENOENT && errno != ENOTDIR;
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

bool FolderWatch::holds(const std::filesystem::path& file) const {
  if (!is_there()) return false;
  struct stat known;
  return file.empty() || ::stat(file.c_str(), &known) == 0 || errno != ENOENT;
}

}  // namespace unroll
