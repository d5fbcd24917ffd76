#include "experiments/sweep/claims.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

std::vector<std::filesystem::path> files_called(const std::filesystem::path& folder,
                                                std::string_view prefix) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    if (entry->path().filename().string().starts_with(prefix)) files.push_back(entry->path());
  if (error) throw FileError("cannot read the folder", folder, error.value());
  return files;
}

/// "" where it has gone.
std::string token_of(const std::filesystem::path& file) {
  try {
    return read_file(file);
  } catch (const FileError& error) {
    if (error.error() != ENOENT) throw;
    return "";
  }
}

}  // namespace

Claims::Claims(std::filesystem::path folder, std::chrono::milliseconds patience,
               std::chrono::milliseconds beat)
    : folder_(std::move(folder)), worker_(folder_, beat), watch_(folder_, patience) {}

/// What is left was interrupted: others need not wait for the heartbeat to stand still.
Claims::~Claims() {
  for (const auto& [unit, number] : std::map(taken_)) {
    try {
      release(unit);
    } catch (const FileError&) {  // the folder is gone
    }
  }
}

std::filesystem::path Claims::path_of(const std::string& unit, int number) const {
  return folder_ / fmt::format("claim-{}.{}", unit, number);
}

Claims::Standing Claims::standing(const std::string& unit) const {
  const std::string prefix = fmt::format("claim-{}.", unit);
  Standing latest;
  for (const std::filesystem::path& file : files_called(folder_, prefix)) {
    const std::string name = file.filename().string();
    int number = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
    latest.number = std::max(latest.number, number);
  }
  if (latest.number > 0) latest.token = token_of(path_of(unit, latest.number));
  return latest;
}

bool Claims::create(const std::string& unit, int number) {
  const std::filesystem::path path = path_of(unit, number);
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  const int refused = file ? 0 : errno;
  if (refused == EEXIST) return false;
  // Not every network file system has a word for that: where another's claim stands now, it was quicker.
  std::error_code ignored;
  if (refused != 0 && std::filesystem::exists(path, ignored)) return false;
  if (refused != 0) throw FileError("cannot create", path, refused);
  if (const int error = write_all(file.get(), worker_.token()); error != 0) {
    ::unlink(path.c_str());
    throw FileError("cannot write", path, error);
  }
  taken_[unit] = number;
  return true;
}

bool Claims::take(const std::string& unit) {
  const Standing latest = standing(unit);
  if (latest.number == 0) return create(unit, 1);
  // One that is being written has no token yet; where its worker died just then, it stays so.
  const std::string name = path_of(unit, latest.number).filename().string();
  const bool dead = latest.token.empty() ? watch_.stands_still(name, "") : watch_.is_dead(latest.token);
  if (!dead) return false;
  if (!create(unit, latest.number + 1)) return false;
  if (!latest.token.empty()) watch_.bury(latest.token);
  return true;
}

void Claims::release(const std::string& unit) {
  const auto mine = taken_.find(unit);
  if (mine == taken_.end()) return;
  // Oldest first: what is left by a process that is killed here is a claim of a dead worker. The own one only
  // where it is still the own one: a process that was paused for long may find another's under its name.
  for (int number = 1; number < mine->second; ++number) ::unlink(path_of(unit, number).c_str());
  const Standing latest = standing(unit);
  if (latest.number == mine->second && latest.token == worker_.token())
    ::unlink(path_of(unit, mine->second).c_str());
  taken_.erase(mine);
}

void remove_dead_claims(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  WorkerWatch watch(folder, patience);
  for (const std::filesystem::path& file : files_called(folder, "claim-")) {
    const std::string token = token_of(file);
    if (token.empty() || watch.is_dead(token)) ::unlink(file.c_str());
  }
  for (const std::filesystem::path& file : files_called(folder, "worker-")) {
    const std::string name = file.stem().string();
    const std::string token = name.substr(name.find('-') + 1);
    if (watch.is_dead(token)) watch.bury(token);
  }
}

}  // namespace unroll
