#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "framework/tensor/safetensors.hpp"

namespace unroll {

/// A checkpoint that training must not go on from: the message names the file, says why, and what to do.
class CheckpointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Bytes that are not those that were written, or a state that no training can be in. Nothing can be gone on
/// from, but the trial can begin anew.
class DamagedCheckpoint : public CheckpointError {
 public:
  using CheckpointError::CheckpointError;
};

/// What the state of a trial in training belongs to; it goes on with the same bits only there.
struct CheckpointOrigin {
  std::string trial;  ///< its id
  std::string build;  ///< what computed it
};

/// Writes `state` with its origin and an XXH3-128 of all bytes of the file, so that `path` holds the new
/// state or, when this throws, what it held before. Makes the folder. Throws FileError.
void save_checkpoint(const std::filesystem::path& path, SafeTensors state, const CheckpointOrigin& origin);

/// None: there is no such file. What is empty in `expected` may be anything. Throws DamagedCheckpoint for a
/// file that is damaged, CheckpointError for one of another trial or by another build; FileError when it
/// cannot be read.
std::optional<SafeTensors> load_checkpoint(const std::filesystem::path& path,
                                           const CheckpointOrigin& expected);

/// What a checkpoint says that it is of, from the beginning of the file alone; none where there is no such
/// file, or one that cannot be read.
std::optional<CheckpointOrigin> checkpoint_origin(const std::filesystem::path& path);

/// Out of the way, but still there to be looked at until remove_checkpoint(). Throws FileError.
void set_checkpoint_aside(const std::filesystem::path& path);

/// With what was set aside and what processes that were killed while they wrote one have left beside it, and
/// its folder and that one's, unless something else is kept there.
void remove_checkpoint(const std::filesystem::path& path);

}  // namespace unroll
