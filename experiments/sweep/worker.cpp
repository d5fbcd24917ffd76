#include "experiments/sweep/worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/sweep/machine.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::json;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// In clock ticks since the system started; "" where there is no such process. A number that is used again
/// belongs to a process that started later.
std::string start_of_process(pid_t pid) {
  const std::string stat = first_line(fmt::format("/proc/{}/stat", pid));
  // The name in parentheses may hold anything; the start is the 20th field behind it.
  std::size_t at = stat.rfind(')');
  for (int field = 0; field < 20 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  return at == std::string::npos ? "" : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

/// What processes that can see each other's numbers have in common.
std::string machine() {
  std::error_code ignored;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", ignored);
  return first_line("/proc/sys/kernel/random/boot_id") + " " + space.string();
}

std::filesystem::path path_of(const std::filesystem::path& folder, std::string_view token) {
  return folder / fmt::format("worker-{}.json", token);
}

std::optional<std::string> text_of(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const FileError& error) {
    if (error.error() == ENOENT) return std::nullopt;
    return "";  // seen, but not to be read now
  }
}

/// Whether the text is that of a process of this machine that is gone.
bool is_gone(const std::string& text) {
  const Json worker = Json::parse(text, nullptr, false);
  if (!worker.is_object() || worker.value("machine", "") != machine()) return false;
  const std::string start = start_of_process(worker.value("pid", 0));
  return start.empty() || start != worker.value("start", "");
}

}  // namespace

Worker::Worker(std::filesystem::path folder, std::chrono::milliseconds beat)
    : token_(random_hex()),
      path_(path_of(folder, token_)),
      identity_(Json({{"host", host_name()},
                      {"machine", machine()},
                      {"pid", ::getpid()},
                      {"start", start_of_process(::getpid())}})
                    .dump()) {
  identity_.pop_back();  // the brace, for what follows
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) throw FileError("cannot create", path_, errno);
  write_beat();
  thread_ = std::thread([this, beat] { beat_until_the_end(beat); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wake_.notify_all();
  thread_.join();
  ::unlink(path_.c_str());
}

/// In place and of one length, so that a reader never sees half of it; the file is closed, since only then do
/// readers on other machines see what was written.
void Worker::write_beat() {
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (file) write_all(file.get(), fmt::format("{},\"beat\":\"{:020}\"}}\n", identity_, ++count_));
}

void Worker::beat_until_the_end(std::chrono::milliseconds beat) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, beat, [this] { return ends_; })) write_beat();
}

bool WorkerWatch::is_dead(std::string_view token) {
  std::optional<std::string> text = text_of(path_of(folder_, token));
  return !text || is_gone(*text) || stands_still(token, std::move(*text));
}

bool WorkerWatch::stands_still(std::string_view name, std::string text) {
  const Clock::time_point now = Clock::now();
  Seen& seen = seen_.try_emplace(std::string(name), Seen{text, now}).first->second;
  if (seen.text != text) seen = {std::move(text), now};
  return now - seen.since > patience_;
}

void WorkerWatch::bury(std::string_view token) { ::unlink(path_of(folder_, token).c_str()); }

}  // namespace unroll
