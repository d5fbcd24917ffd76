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

/// What the state of a trial in training belongs to; it goes on with the same bits only there.
struct CheckpointOrigin {
  std::string trial;  ///< its id
  std::string build;  ///< what computed it
};

/// Writes `state` with its origin, so that `path` holds the new state or, when this throws, what it held
/// before. Makes the folder. Throws FileError, std::filesystem::filesystem_error.
void save_checkpoint(const std::filesystem::path& path, SafeTensors state, const CheckpointOrigin& origin);

/// None: there is no such file. What is empty in `expected` may be anything. Throws CheckpointError for a
/// file that is damaged, of another trial or by another build; FileError when it cannot be read.
std::optional<SafeTensors> load_checkpoint(const std::filesystem::path& path,
                                           const CheckpointOrigin& expected);

/// With what processes that were killed while they wrote one have left beside it, and its folder and that
/// one's, unless something else is kept there.
void remove_checkpoint(const std::filesystem::path& path);

}  // namespace unroll
