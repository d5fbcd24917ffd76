#include "experiments/bench/line_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace unroll {

namespace {

std::vector<std::string> changed_environment(const std::vector<LineProcess::Variable>& changes) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const bool changes_it = std::ranges::any_of(
        changes, [&](const auto& change) { return text.starts_with(change.first + "="); });
    if (!changes_it) variables.push_back(text);
  }
  for (const auto& [name, value] : changes)
    if (!value.empty()) variables.push_back(name + "=" + value);
  return variables;
}

/// As exec wants them; they point into `texts`.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct FileActions {
  posix_spawn_file_actions_t actions;

  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

}  // namespace

LineProcess::LineProcess(const std::vector<std::string>& command, const std::vector<Variable>& environment) {
  int ends[2];
  const bool connected = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
  const int refused = errno;  // before the exception is allocated
  if (!connected) throw std::system_error(refused, std::generic_category(), "no socket for a child process");
  FileActions files;
  posix_spawn_file_actions_adddup2(&files.actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files.actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files.actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<std::string> arguments = command, variables = changed_environment(environment);
  const int error = ::posix_spawnp(&child_, command.front().c_str(), &files.actions, nullptr,
                                   pointers(arguments).data(), pointers(variables).data());
  ::close(ends[1]);
  socket_ = ends[0];
  if (error == 0) return;
  ::close(socket_);
  throw std::system_error(error, std::generic_category(), "cannot start " + command.front());
}

LineProcess::~LineProcess() {
  ::close(socket_);
  ::waitpid(child_, nullptr, 0);
}

std::string LineProcess::read_line() {
  std::size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    char bytes[4096];
    const ssize_t count = ::read(socket_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error("the program ended early");
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
  const std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

std::string LineProcess::ask(const std::string& line) {
  const std::string text = line + "\n";
  // A line is far smaller than a socket's buffer: it goes out whole or not at all.
  if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the program ended early");
  return read_line();
}

}  // namespace unroll
