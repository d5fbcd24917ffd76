#include "experiments/sweep/worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "experiments/sweep/machine.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// What /proc says of a process.
struct Process {
  char state;         ///< 'Z': it has ended, and its parent has not noticed
  std::string start;  ///< in clock ticks since the system started
};

/// In a pid namespace without a /proc of its own, it shows other processes under the numbers of this one.
bool proc_is_ours() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self", ignored).string() == std::to_string(::getpid());
}

/// None where it is not to be seen, which does not say that it is not there: /proc may hide it.
std::optional<Process> seen_process(pid_t pid) {
  if (!proc_is_ours()) return std::nullopt;
  const std::string stat = first_line(fmt::format("/proc/{}/stat", pid));
  // The name in parentheses may hold anything; the start is the 20th field behind it.
  std::size_t at = stat.rfind(')');
  if (at == std::string::npos || at + 2 >= stat.size()) return std::nullopt;
  const char state = stat[at + 2];
  for (int field = 0; field < 20 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  return Process{state, stat.substr(at + 1, stat.find(' ', at + 1) - at - 1)};
}

/// What processes have in common that can see each other's numbers; "" where that cannot be told. Virtual
/// machines that were copied while they ran may share all but their host names.
std::string machine() {
  std::error_code ignored;
  const std::string boot = first_line("/proc/sys/kernel/random/boot_id");
  const std::string space = std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
  return boot.empty() || space.empty() ? "" : boot + " " + space + " " + host_name();
}

std::filesystem::path path_of(const std::filesystem::path& folder, std::string_view token) {
  return folder / fmt::format("worker-{}.json", token);
}

std::optional<std::string> worker_text_of(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const FileError& error) {
    if (error.error() == ENOENT) return std::nullopt;
    return "";  // seen, but not to be read now
  }
}

/// Its default where a file of somebody else has none, or one of another type.
template <class Value>
Value member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (found == object.end()) return {};
  if constexpr (std::is_same_v<Value, std::string>)
    return found->is_string() ? found->get<std::string>() : Value();
  else
    return found->is_number_integer() ? found->get<Value>() : Value();
}

/// Whether the text is that of a process of this machine that is gone. Nothing that is merely not seen is.
bool is_gone(const std::string& text) {
  const Json worker = Json::parse(text, nullptr, false);
  const std::string here = machine();
  if (here.empty() || member<std::string>(worker, "machine") != here) return false;
  const auto pid = member<pid_t>(worker, "pid");
  if (pid <= 0) return false;
  if (::kill(pid, 0) != 0) return errno == ESRCH;  // another user's is there, but not to be signalled
  const std::optional<Process> process = seen_process(pid);
  const auto start = member<std::string>(worker, "start");
  // A number that is used again belongs to a process that started later.
  return process && (process->state == 'Z' || (!start.empty() && process->start != start));
}

std::string identity_of_this_process() {
  const std::optional<Process> process = seen_process(::getpid());
  return Json({{"host", host_name()},
               {"machine", machine()},
               {"pid", ::getpid()},
               {"start", process ? process->start : ""}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Worker::Worker(std::filesystem::path folder, std::chrono::milliseconds beat)
    : token_(random_hex()), path_(path_of(folder, token_)), identity_(identity_of_this_process()) {
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
  std::optional<std::string> text = worker_text_of(path_of(folder_, token));
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
