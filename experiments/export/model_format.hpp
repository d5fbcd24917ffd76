#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "experiments/saved/saved_model.hpp"

namespace unroll {

/// A form in which a trained model is handed to other programs.
struct ModelFormat {
  std::string_view name;     ///< "header"
  std::string_view target;   ///< name of the file, where none is given, in the model's folder
  std::string_view meaning;  ///< one line
  /// Whether what stands at a path was written by this format.
  bool (*wrote)(const std::filesystem::path& path);
  /// Replaces what it wrote before. Equal models give equal bytes. Throws FileError, and ModelError for a
  /// model that has no such form.
  void (*write)(const SavedModel& model, const std::filesystem::path& target);
};

/// The list of all formats for models.
std::span<const ModelFormat> model_formats();

}  // namespace unroll
