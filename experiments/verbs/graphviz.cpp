#include "experiments/verbs/graphviz.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "experiments/config/config_error.hpp"
#include "framework/tensor/file.hpp"

extern char** environ;

namespace unroll {
namespace {

/// A file without a name, in memory: neither a shell nor a folder for temporary files is needed.
Descriptor in_memory(const std::string& text) {
  Descriptor file(::memfd_create("graph", MFD_CLOEXEC));
  if (!file || write_all(file.get(), text) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) return Descriptor();
  return file;
}

std::string all_of(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

/// Starts `dot` with these as its standard streams; none where there is no such program.
pid_t start(int in, int out) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  char program[] = "dot", format[] = "-Tsvg";
  char* const arguments[] = {program, format, nullptr};
  pid_t child = -1;
  if (::posix_spawnp(&child, program, &files, nullptr, arguments, environ) != 0) child = -1;
  posix_spawn_file_actions_destroy(&files);
  return child;
}

/// Nothing where it cannot be had.
std::string output_of_dot(const std::string& graph) {
  const Descriptor in = in_memory(graph);
  int ends[2];
  if (!in || ::pipe2(ends, O_CLOEXEC) != 0) return "";
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t child = start(in.get(), write_end.get());
  write_end = Descriptor();
  if (child < 0) return "";
  std::string svg = all_of(read_end.get());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? svg : "";
}

}  // namespace

std::string svg_of(const std::string& dot) {
  std::string svg = output_of_dot(dot);
  if (svg.empty())
    throw ConfigError(
        "--format svg needs Graphviz's program dot (Debian: apt-get install graphviz); --format "
        "dot does without");
  return svg;
}

}  // namespace unroll
