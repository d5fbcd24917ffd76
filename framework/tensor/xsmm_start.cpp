#include "framework/tensor/xsmm_start.hpp"

#include <fcntl.h>
#include <libxsmm.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <system_error>
#include <thread>

namespace unroll {
namespace {

/// From now on this thread can create no files; where the kernel has no such filters, it can.
void create_no_files() {
  constexpr unsigned flags = offsetof(seccomp_data, args) + 2 * sizeof(seccomp_data::args[0]);  // of openat
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

bool started() {
  try {
    // Its own thread: what is forbidden there stays allowed in all others. The file, which libxsmm does not
    // need, is meant to tell whether other processes use it too.
    std::thread([] {
      create_no_files();
      libxsmm_init();
    }).join();
  } catch (const std::system_error&) {
    libxsmm_init();  // no thread can be had
  }
  return true;
}

}  // namespace

void start_libxsmm() {
  static const bool once = started();
  static_cast<void>(once);
}

}  // namespace unroll
