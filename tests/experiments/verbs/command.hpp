#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/experiments/sweep/fake_sweep.hpp"

namespace unroll::test {

/// What a program left behind.
struct CommandOutcome {
  int status;  ///< exit status; 128 + signal where it was killed
  std::string out, err;
};

inline std::filesystem::path program() { return std::filesystem::path(UNROLL_BINARY_DIR) / "unroll"; }

inline bool redirect(int fd, const std::filesystem::path& file) {
  const Descriptor to(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  return to && ::dup2(to.get(), fd) == fd;
}

/// A running `unroll` with its output in files of `folder`.
class Command {
 public:
  Command(const std::filesystem::path& folder, std::vector<std::string> arguments,
          const std::vector<std::pair<std::string, std::string>>& environment = {})
      : out_(folder / ("stdout-" + random_hex())), err_(folder / ("stderr-" + random_hex())) {
    arguments.insert(arguments.begin(), program().string());
    child_ = ::fork();
    if (child_ != 0) return;
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    // Not freopen: it would write out what the test's own buffers hold.
    const bool ready = redirect(STDOUT_FILENO, out_) && redirect(STDERR_FILENO, err_);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (ready) ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  pid_t id() const { return child_; }

  CommandOutcome wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out_),
            read_file(err_)};
  }

 private:
  std::filesystem::path out_, err_;
  pid_t child_;
};

inline CommandOutcome call(const std::filesystem::path& folder, const std::vector<std::string>& arguments) {
  return Command(folder, arguments).wait();
}

/// A line for a shell, which is its status.
inline CommandOutcome shell(const std::filesystem::path& folder, const std::string& line) {
  const auto out = folder / ("stdout-" + random_hex()), err = folder / ("stderr-" + random_hex());
  const int status =
      std::system(("{ " + line + "; } >'" + out.string() + "' 2>'" + err.string() + "'").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
}

}  // namespace unroll::test
