#include "experiments/train/checkpoint.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <vector>

#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

constexpr const char* trial_key = "trial";
constexpr const char* build_key = "build";

std::string member(const SafeTensors& state, const char* key) {
  const auto found = state.metadata.find(key);
  return found == state.metadata.end() ? "" : found->second;
}

SafeTensors read(const std::filesystem::path& path) {
  try {
    return load_safetensors(path);
  } catch (const SafeTensorsError& error) {
    throw CheckpointError(
        fmt::format("{}\nIt is a trial's checkpoint: delete it to start that trial anew.", error.what()));
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, SafeTensors state, const CheckpointOrigin& origin) {
  state.metadata[trial_key] = origin.trial;
  state.metadata[build_key] = origin.build;
  std::filesystem::create_directories(path.parent_path());
  save_safetensors(path, state);
}

std::optional<SafeTensors> load_checkpoint(const std::filesystem::path& path,
                                           const CheckpointOrigin& expected) {
  std::optional<SafeTensors> state;
  try {
    state = read(path);
  } catch (const FileError& error) {
    if (error.error() == ENOENT || error.error() == ENOTDIR) return std::nullopt;
    throw;
  }
  const std::string trial = member(*state, trial_key), build = member(*state, build_key);
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
  return state;
}

void remove_checkpoint(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  const std::string temporary = "." + path.filename().string() + ".";
  std::error_code ignored;
  std::vector<std::filesystem::path> files = {path};
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    if (entry.path().filename().string().starts_with(temporary)) files.push_back(entry.path());
  files.insert(files.end(), {folder, folder.parent_path()});
  for (const std::filesystem::path& file : files) std::filesystem::remove(file, ignored);
}

}  // namespace unroll
