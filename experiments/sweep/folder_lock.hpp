#pragma once

#include <filesystem>

#include "framework/tensor/file.hpp"

namespace unroll {

/// Excludes other processes from looking at a sweep's folder and then writing into it: its plan, and files
/// that hold what all of them did. An flock(2) on the file `.lock` in the folder: of a process that is killed
/// the kernel gives it back, and nothing is left to clean up. Held for moments only, never while a trial
/// runs, nor across a fork, whose child would hold it too.
class FolderLock {
 public:
  /// Waits for others, and says so where it takes long: one may be paused. The folder must exist. Throws
  /// FileError.
  explicit FolderLock(const std::filesystem::path& folder);

 private:
  Descriptor file_;  ///< closing it unlocks
};

}  // namespace unroll
