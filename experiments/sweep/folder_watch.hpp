#pragma once

#include <filesystem>

#include "framework/tensor/file.hpp"

namespace unroll {

/// Knows a folder again: whether what stands under its name is still the one that was opened, or it was
/// deleted, moved or replaced meanwhile, and what is written there is lost.
class FolderWatch {
 public:
  /// The folder must exist. Throws FileError.
  explicit FolderWatch(std::filesystem::path folder);

  bool is_there() const;
  /// And `file` in it, which may be empty.
  bool holds(const std::filesystem::path& file) const;

 private:
  std::filesystem::path folder_;
  Descriptor handle_;  ///< while it is open no other folder can have the same number
};

}  // namespace unroll
