#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace unroll {

/// A program that answers every line it reads with a line. Its stderr goes nowhere.
class LineProcess {
 public:
  /// A variable of the environment and its value, empty to leave it out.
  using Variable = std::pair<std::string, std::string>;

  /// Looks the program up in PATH. Throws std::system_error where it cannot be started.
  LineProcess(const std::vector<std::string>& command, const std::vector<Variable>& environment);
  /// Closes its input and waits for its end.
  ~LineProcess();
  LineProcess(const LineProcess&) = delete;
  LineProcess& operator=(const LineProcess&) = delete;

  /// Throws std::runtime_error when the program has ended.
  std::string read_line();
  std::string ask(const std::string& line);

 private:
  int socket_ = -1;
  pid_t child_ = -1;
  std::string buffer_;
};

}  // namespace unroll
