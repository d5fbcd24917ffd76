#include "experiments/sweep/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace unroll {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".lock";
  file_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_) refuse_file("cannot open", path, errno);
  int result = 0;
  do result = ::flock(file_.get(), LOCK_EX);
  while (result != 0 && errno == EINTR);
  if (result != 0) refuse_file("cannot lock", path, errno);
}

}  // namespace unroll
