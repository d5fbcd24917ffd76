#include "experiments/sweep/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "experiments/sweep/say.hpp"

namespace unroll {
namespace {

using namespace std::chrono_literals;

/// The error; 0 when it is locked.
int try_to_lock(int file, int how) {
  while (::flock(file, how) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / ".lock";
  file_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_) refuse_file("cannot open", path, errno);
  const auto patience = std::chrono::steady_clock::now() + 2s;
  int error = try_to_lock(file_.get(), LOCK_EX | LOCK_NB);
  for (; error == EWOULDBLOCK && std::chrono::steady_clock::now() < patience;
       error = try_to_lock(file_.get(), LOCK_EX | LOCK_NB))
    std::this_thread::sleep_for(10ms);
  if (error == EWOULDBLOCK) {
    say("waiting for a process that writes in {}; if it was paused, let it go on or end it\n",
        folder.string());
    error = try_to_lock(file_.get(), LOCK_EX);
  }
  if (error != 0) refuse_file("cannot lock", path, error);
}

}  // namespace unroll
