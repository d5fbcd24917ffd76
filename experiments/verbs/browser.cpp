#include "experiments/verbs/browser.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "framework/tensor/file.hpp"

extern char** environ;

namespace unroll {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 6> usual_names = {
    "chromium", "chromium-browser", "chrome", "google-chrome", "google-chrome-stable", "microsoft-edge"};
constexpr std::chrono::seconds most_browser_seconds(120);

/// A folder of one's own for the page, the browser's profile and what it leaves.
class Workplace {
 public:
  Workplace() : folder_(fs::temp_directory_path() / ("unroll-figure-" + random_hex())) {
    if (::mkdir(folder_.c_str(), 0700) != 0) refuse_file("cannot make", folder_, errno);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    std::error_code ignored;  // what the browser still holds is for the system to clear away
    fs::remove_all(folder_, ignored);
  }
  fs::path operator/(const char* name) const { return folder_ / name; }

 private:
  fs::path folder_;
};

std::optional<std::string> in_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path file = fs::path(folder.empty() ? "." : folder) / name;
    if (::access(file.c_str(), X_OK) == 0) return file.string();
  }
  return std::nullopt;
}

std::string browser() {
  if (const char* chosen = std::getenv("CHROMIUM"); chosen != nullptr && *chosen != '\0') return chosen;
  for (const char* name : usual_names)
    if (const auto file = in_path(name)) return *file;
  throw ConfigError(fmt::format(
      "a figure is drawn by Chromium, and none of {} is in PATH (Debian: apt-get install chromium); "
      "CHROMIUM=FILE says where another one is. The report's own buttons save the same figures.",
      fmt::join(usual_names, ", ")));
}

std::vector<std::string> command(const Workplace& place, const std::string& what) {
  std::vector<std::string> words = {browser(),
                                    "--headless",
                                    "--disable-gpu",
                                    "--no-first-run",
                                    "--disable-background-networking",
                                    "--disable-component-update",
                                    "--disable-sync",
                                    "--disable-quic",
                                    "--hide-scrollbars",
                                    "--force-device-scale-factor=1",
                                    "--virtual-time-budget=60000",
                                    "--user-data-dir=" + (place / "profile").string(),
                                    what};
  if (::geteuid() == 0) words.emplace_back("--no-sandbox");  // which it cannot make for root
  if (what.starts_with("--print-to-pdf")) words.emplace_back("--no-pdf-header-footer");
  words.push_back("file://" + (place / "page.html").string());
  return words;
}

pid_t start(std::vector<std::string> words, const fs::path& out, const fs::path& err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // it has children, which end with it
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  const int error = ::posix_spawn(&child, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) refuse_file("cannot start the browser", words[0], error);
  return child;
}

/// Its status; none where it took too long and was ended.
std::optional<int> wait_for(pid_t child) {
  const auto until = std::chrono::steady_clock::now() + most_browser_seconds;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The last lines of what it said.
std::string end_of(const fs::path& file) {
  constexpr std::size_t most = 400;
  std::error_code none;
  std::string text = fs::exists(file, none) ? read_file(file) : "";
  return text.size() > most ? text.substr(text.size() - most) : text;
}

/// Opens the page; what was printed is in the folder then.
void open_page(const Workplace& place, const std::string& html, const std::string& what) {
  write_file(place / "page.html", html);
  const std::vector<std::string> words = command(place, what);
  const std::optional<int> status = wait_for(start(words, place / "out", place / "err"));
  if (!status)
    throw ConfigError(
        fmt::format("{} did not draw the figure within {} s", words[0], most_browser_seconds.count()));
  if (*status != 0)
    throw ConfigError(
        fmt::format("{} ended with status {}; it said: {}", words[0], *status, end_of(place / "err")));
}

/// The digits of "(D:20261127144120+00'00')" as zeros of the same length, so that no offset in the file
/// moves.
void forget_dates(std::string& pdf) {
  for (std::size_t at = pdf.find("(D:"); at != std::string::npos; at = pdf.find("(D:", at + 1))
    for (std::size_t i = at + 3; i < pdf.size() && pdf[i] != ')'; ++i)
      if (std::isdigit(static_cast<unsigned char>(pdf[i])) != 0)
        pdf[i] = "20000101000000"[std::min<std::size_t>(i - at - 3, 13)];
}

}  // namespace

std::string document_of(const std::string& html) {
  const Workplace place;
  open_page(place, html, "--dump-dom");
  return read_file(place / "out");
}

std::string pdf_of(const std::string& html) {
  const Workplace place;
  open_page(place, html, "--print-to-pdf=" + (place / "page.pdf").string());
  std::string pdf = read_file(place / "page.pdf");
  forget_dates(pdf);
  return pdf;
}

}  // namespace unroll
