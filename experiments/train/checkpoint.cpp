#include "experiments/train/checkpoint.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/tensor/file.hpp"
#include "framework/tensor/safetensors_header.hpp"

namespace unroll {
namespace {

constexpr const char* trial_key = "trial";
constexpr const char* build_key = "build";
constexpr const char* checksum_key = "checksum";
constexpr std::string_view remedy =
    "It is the state of a trial in training: delete it to start that trial anew.";

/// What stands in place of the checksum while it is computed over all bytes of the file.
const std::string blank(32, '0');

std::string member(const SafeTensors& state, const char* key) {
  const auto found = state.metadata.find(key);
  return found == state.metadata.end() ? "" : found->second;
}

std::string checksum(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

/// Puts `to` where the header says `from`. Quotes inside of texts are escaped there, so that nothing else
/// reads like this member.
bool exchange_checksum(std::string& bytes, std::string_view from, std::string_view to) {
  const std::string start = fmt::format("\"{}\":\"", checksum_key);
  const std::size_t at = bytes.find(start + std::string(from) + '"');
  if (at == std::string::npos) return false;
  bytes.replace(at + start.size(), from.size(), to);
  return true;
}

SafeTensors parsed(std::string_view bytes, const std::filesystem::path& path) {
  try {
    return read_safetensors(bytes, path.string());
  } catch (const SafeTensorsError& error) {
    throw DamagedCheckpoint(fmt::format("{}\n{}", error.what(), remedy));
  }
}

void check_sum(std::string bytes, const std::string& expected, const std::filesystem::path& path) {
  const bool whole = expected.size() == blank.size() && exchange_checksum(bytes, expected, blank);
  const std::string found = whole ? checksum(bytes) : "none that can be computed";
  if (found == expected) return;
  throw DamagedCheckpoint(fmt::format(
      "{}: its checksum is {}, but {} was written with it: the file was damaged on the disk or on its way "
      "here, or changed. {}",
      path.string(), found, expected, remedy));
}

void check_origin(const SafeTensors& state, const CheckpointOrigin& expected,
                  const std::filesystem::path& path) {
  const std::string trial = member(state, trial_key), build = member(state, build_key);
  if (!expected.trial.empty() && trial != expected.trial)
    throw CheckpointError(
        fmt::format("{}: this is a checkpoint of the trial \"{}\", not of \"{}\"; was it copied here? Delete "
                    "it to start this trial anew.",
                    path.string(), trial, expected.trial));
  if (!expected.build.empty() && build != expected.build)
    throw CheckpointError(
        fmt::format("{}: this trial was begun by another build, whose bits may differ:\n"
                    "  there: {}\n  here:  {}\n"
                    "Delete the file to start the trial anew, or go on all the same with "
                    "--allow-other-build.",
                    path.string(), build, expected.build));
}

std::optional<std::string> bytes_of(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const FileError& error) {
    if (error.error() == ENOENT || error.error() == ENOTDIR) return std::nullopt;
    throw;
  }
}

/// Begins with this: what was set aside, and what a process that was killed was about to rename.
std::string hidden_name(const std::filesystem::path& path) { return "." + path.filename().string() + "."; }

}  // namespace

void save_checkpoint(const std::filesystem::path& path, SafeTensors state, const CheckpointOrigin& origin) {
  state.metadata[trial_key] = origin.trial;
  state.metadata[build_key] = origin.build;
  state.metadata[checksum_key] = blank;
  std::string bytes = write_safetensors(state);
  exchange_checksum(bytes, blank, checksum(bytes));
  // "trials/ID": the folder that holds these is the sweep's, and does not come back when it is deleted.
  const std::filesystem::path folder = path.parent_path();
  make_folders_below(folder.parent_path().parent_path(), folder);
  write_file(path, bytes);
}

std::optional<SafeTensors> load_checkpoint(const std::filesystem::path& path,
                                           const CheckpointOrigin& expected) {
  std::optional<std::string> bytes = bytes_of(path);
  if (!bytes) return std::nullopt;
  SafeTensors state = parsed(*bytes, path);
  const std::string sum = member(state, checksum_key);
  if (!sum.empty()) check_sum(std::move(*bytes), sum, path);
  check_origin(state, expected, path);
  if (sum.empty())
    throw DamagedCheckpoint(fmt::format(
        "{}: it has no checksum, as those of earlier versions of the program. {}", path.string(), remedy));
  return state;
}

std::optional<CheckpointOrigin> checkpoint_origin(const std::filesystem::path& path) {
  constexpr std::uint64_t most = 1 << 20;  // bytes of a header that is looked at
  std::ifstream file(path, std::ios::binary);
  std::uint64_t bytes = 0;
  file.read(reinterpret_cast<char*>(&bytes), sizeof bytes);
  if (!file || bytes > most) return std::nullopt;
  std::string header(bytes, '\0');
  if (!file.read(header.data(), static_cast<std::streamsize>(bytes))) return std::nullopt;
  try {
    const auto metadata = parse_safetensors_header(header, path.string()).metadata;
    const auto text = [&](const char* key) {
      const auto found = metadata.find(key);
      return found == metadata.end() ? std::string() : found->second;
    };
    return CheckpointOrigin{text(trial_key), text(build_key)};
  } catch (const SafeTensorsError&) {
    return std::nullopt;
  }
}

void set_checkpoint_aside(const std::filesystem::path& path) {
  const std::filesystem::path aside = path.parent_path() / (hidden_name(path) + "damaged");
  std::error_code error;
  std::filesystem::rename(path, aside, error);
  if (error) throw FileError("cannot rename", path, error.value());
}

void remove_checkpoint(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  const std::string temporary = hidden_name(path);
  std::error_code ignored;
  std::vector<std::filesystem::path> files = {path};
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(folder, ignored); !ignored && at != end; at.increment(ignored))
    if (at->path().filename().string().starts_with(temporary)) files.push_back(at->path());
  files.insert(files.end(), {folder, folder.parent_path()});
  for (const std::filesystem::path& file : files) std::filesystem::remove(file, ignored);
}

}  // namespace unroll
