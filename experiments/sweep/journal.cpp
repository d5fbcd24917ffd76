#include "experiments/sweep/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>

#include "experiments/config/config_error.hpp"

namespace unroll {

namespace {

/// The last member of a line, of one length in all lines.
std::string checksum_member(std::string_view json) {
  return fmt::format(",\"xxh3_64\":\"{:016x}\"}}", XXH3_64bits(json.data(), json.size()));
}

/// The record's JSON in a line whose checksum holds.
std::optional<std::string> checked_json(std::string_view line) {
  const std::size_t member = checksum_member("").size();
  if (line.size() <= member) return std::nullopt;
  std::string json = std::string(line.substr(0, line.size() - member)) + '}';
  if (checksum_member(json) != line.substr(line.size() - member)) return std::nullopt;
  return json;
}

/// Of a whole line.
std::string_view checksum_of(std::string_view line) { return line.substr(line.size() - 18, 16); }

}  // namespace

std::string journal_line(const TrialRecord& record) {
  const std::string json = to_json(record);
  return json.substr(0, json.size() - 1) + checksum_member(json);
}

void Journal::create() {
  do {
    path_ = folder_ / fmt::format("journal-{}.jsonl", random_hex());
    file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
  } while (!file_ && errno == EEXIST);
  if (!file_) refuse_file("cannot create", path_, errno);
  sync_folder(folder_);
}

void Journal::append(const TrialRecord& record) {
  const std::string line = journal_line(record) + '\n';
  const std::lock_guard lock(mutex_);
  if (!file_) create();
  if (const int error = write_all(file_.get(), line); error != 0) {
    // Where even this fails, the reader recognises the torn line by its checksum.
    [[maybe_unused]] const int ignored = ::ftruncate(file_.get(), whole_);
    throw FileError("cannot write", path_, error);
  }
  whole_ += static_cast<off_t>(line.size());
}

void Journal::sync() {
  const std::lock_guard lock(mutex_);
  if (file_ && ::fdatasync(file_.get()) != 0) throw FileError("cannot write", path_, errno);
}

namespace {

/// What must agree between two records of one trial.
std::string essence(TrialRecord record) {
  record.seconds = 0;
  record.build.clear();
  record.host.clear();
  record.attempts = 1;
  return to_json(record);
}

/// The pieces of two JSON texts from the first byte that differs.
std::string first_difference(const std::string& a, const std::string& b) {
  const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  const std::size_t from = at > 40 ? static_cast<std::size_t>(at) - 40 : 0;
  return fmt::format("...{}...\n  ...{}...", a.substr(from, 90), b.substr(from, 90));
}

bool is_journal(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("journal-") && name.ends_with(".jsonl");
}

}  // namespace

namespace {

/// Of two records of a trial the one that says more counts: one that ended of itself (a failed trial was run
/// again), then the one that the search stopped later; what failed behind a rung says more than that rung.
bool says_more(const TrialRecord& a, const TrialRecord& b) {
  const auto ended = [](const TrialRecord& r) {
    return r.status == TrialStatus::done || r.status == TrialStatus::diverged;
  };
  if (ended(a) || ended(b)) return ended(a) && !ended(b);
  if (a.updates != b.updates) return a.updates > b.updates;
  return a.status == TrialStatus::failed && b.status == TrialStatus::stopped;
}

}  // namespace

void JournalReader::take_record(const std::filesystem::path& path, TrialRecord record) {
  const std::string id = record.id;
  const auto [known, is_new] = records_.try_emplace(id, record);
  if (is_new) {
    origin_[id] = path;
    return;
  }
  TrialRecord& first = known->second;
  if (says_more(first, record)) return;
  const bool more = says_more(record, first);
  const std::string a = essence(first);
  const std::string b = essence(record);
  if (a == b) return;
  if (!more && record.status != TrialStatus::failed)
    conflicts_[id] = fmt::format(
        "{} and {} disagree about trial {}, which must give the same bits:\n  {}\n"
        "likely cause: the two were computed by different builds or on different CPU models ({}; {}).\n"
        "To decide, move one of the two journals out of the folder, or `unroll retry {} --disagreeing` sets "
        "both "
        "records aside; the same command trains what is then missing",
        origin_[id].string(), path.string(), id, first_difference(a, b), first.build, record.build,
        folder_.string());
  if (more || b < a) {  // the choice must not depend on the order of the files
    first = std::move(record);
    origin_[id] = path;
  }
}

namespace {

/// Of a line that is as it was written: only another version of the program writes other members.
TrialRecord whole_record(const std::filesystem::path& path, std::size_t number, std::string_view json) {
  try {
    return record_from_json(json);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(
        fmt::format("{}:{}: {}: the line matches its checksum, so another version of the program wrote it; "
                    "choose another --out, or go on with that version",
                    path.string(), number, error.what()));
  }
}

}  // namespace

void JournalReader::take_line(const std::filesystem::path& path, std::size_t number, std::string_view line) {
  if (const std::optional<std::string> json = checked_json(line)) {
    TrialRecord record = whole_record(path, number, *json);
    const std::string checksum(checksum_of(line));
    if (set_aside_.contains(checksum)) {
      starts_before_[record.id] += record.attempts;
      return;
    }
    lines_[record.id].push_back({checksum, record.status});
    return take_record(path, std::move(record));
  }
  corrupt_.push_back(
      fmt::format("{}:{}: the line does not match its checksum; ignored", path.string(), number));
}

bool JournalReader::take_file(const std::filesystem::path& path, File& file) {
  const std::string text = read_file(path, file.read);
  const std::size_t lines = file.lines;
  std::string_view rest = text;
  for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
    take_line(path, ++file.lines, rest.substr(0, end));
    file.read += end + 1;
  }
  file.torn = !rest.empty();
  return file.lines > lines;
}

std::vector<SetAside> JournalReader::lines_of(const std::string& id,
                                              std::optional<TrialStatus> status) const {
  std::vector<SetAside> lines;
  const auto found = lines_.find(id);
  if (found == lines_.end()) return lines;
  for (const Line& line : found->second)
    if (!status || line.status == *status) lines.push_back({id, line.checksum});
  return lines;
}

std::int64_t JournalReader::starts_before(const std::string& id) const {
  const auto found = starts_before_.find(id);
  return found == starts_before_.end() ? 0 : found->second;
}

/// False where there are no new ones. Else everything is read anew: another record may count in place of what
/// was set aside.
bool JournalReader::take_set_aside(const std::set<std::filesystem::path>& files) {
  bool any = false;
  for (const std::filesystem::path& file : files) {
    if (!set_aside_files_.insert(file).second) continue;
    set_aside_.merge(read_set_aside(file));
    any = true;
  }
  if (!any) return false;
  for (auto& [path, file] : files_) file = {};
  records_.clear();
  origin_.clear();
  conflicts_.clear();
  corrupt_.clear();
  lines_.clear();
  starts_before_.clear();
  return true;
}

bool JournalReader::refresh() {
  std::error_code error;
  std::set<std::filesystem::path> set_aside;
  // Not a range: its step to the next file throws without naming the folder.
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(folder_, error); !error && at != end; at.increment(error)) {
    if (is_journal(at->path())) files_.try_emplace(at->path());
    if (is_set_aside_file(at->path())) set_aside.insert(at->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw FileError("cannot read the folder", folder_, error.value());
  }
  bool any = take_set_aside(set_aside);
  for (auto& [path, file] : files_) any |= take_file(path, file);
  return any;
}

std::vector<std::string> JournalReader::ignored() const {
  std::vector<std::string> sentences = corrupt_;
  for (const auto& [path, file] : files_) {
    if (!file.torn) continue;
    sentences.push_back(fmt::format(
        "{}:{}: the last line is cut short (a run was killed while it wrote, or is writing now); ignored",
        path.string(), file.lines + 1));
  }
  return sentences;
}

}  // namespace unroll
