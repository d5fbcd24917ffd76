#pragma once

#include <filesystem>
#include <string>

#include "experiments/train/non_finite.hpp"

namespace unroll {

/// A batch in a file, with all that computes it again.
struct NonFiniteFile {
  std::string trial;   ///< its id
  std::string build;   ///< that trained it
  std::string config;  ///< as TOML
  NonFiniteBatch batch;
};

inline constexpr const char* non_finite_name = "non_finite.safetensors";

/// Under a temporary name, renamed; makes the folder. `specs`: of the batch's parameters. Throws FileError.
void save_non_finite(const std::filesystem::path& path, const NonFiniteFile& file,
                     const std::vector<ParameterSpec>& specs);

/// Throws FileError, and SafeTensorsError, with the file's name, for what is no such file.
NonFiniteFile load_non_finite(const std::filesystem::path& path);

}  // namespace unroll
