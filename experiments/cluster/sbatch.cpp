#include "experiments/cluster/sbatch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

extern char** environ;

namespace unroll {

namespace {

/// A file without a name, in memory, for what a program prints.
Descriptor in_memory(const char* name) {
  Descriptor file(::memfd_create(name, MFD_CLOEXEC));
  const int error = errno;
  if (!file) throw SlurmRefused(fmt::format("no memory for what sbatch prints: {}", std::strerror(error)));
  return file;
}

/// Without line ends behind it.
std::string printed(const Descriptor& file) {
  std::string text = read_file(fmt::format("/proc/self/fd/{}", file.get()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::vector<char*> environment_without(const std::vector<std::string>& names) {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::find(names, name) == names.end()) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

/// Its status as waitpid() tells it.
int run(std::vector<std::string> command, const std::vector<std::string>& without, int out, int err) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
  pid_t child = -1;
  const int error = ::posix_spawn(&child, arguments[0], &files, nullptr, arguments.data(),
                                  environment_without(without).data());
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw SlurmRefused(fmt::format("cannot start {}: {}", command[0], std::strerror(error)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// sbatch --parsable prints "1234", or "1234;cluster".
std::string job_in(const std::string& out) {
  const std::string job = out.substr(0, out.find(';'));
  const bool is_number = !job.empty() && job.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? job : "";
}

}  // namespace

std::filesystem::path find_sbatch() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path file = std::filesystem::path(folder.empty() ? "." : folder) / "sbatch";
    std::error_code none;
    if (std::filesystem::is_regular_file(file, none) && ::access(file.c_str(), X_OK) == 0)
      return std::filesystem::absolute(file);
  }
  throw SlurmRefused(
      "--slurm needs Slurm's program sbatch, which is not in PATH: run this on the cluster's login node; "
      "--dry-run prints the script without it");
}

std::string submit(const std::filesystem::path& sbatch, const std::filesystem::path& script,
                   const std::vector<std::string>& without) {
  const Descriptor out = in_memory("stdout"), err = in_memory("stderr");
  const int status = run({sbatch.string(), "--parsable", script.string()}, without, out.get(), err.get());
  const std::string said = printed(err);
  if (WIFSIGNALED(status))
    throw SlurmSilent(
        fmt::format("sbatch was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status))));
  if (WEXITSTATUS(status) != 0)
    throw SlurmRefused(fmt::format("sbatch exits with {}{}", WEXITSTATUS(status),
                                   said.empty() ? ", and says nothing" : ":\n" + said));
  const std::string text = printed(out), job = job_in(text);
  if (job.empty())
    throw SlurmSilent(fmt::format("sbatch printed no number of a job, but \"{}\"", printable(text)));
  return job;
}

}  // namespace unroll
