#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

// Safetensors files (huggingface.co/docs/safetensors): the length of the header in 8 bytes, little-endian;
// the header, JSON {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...} with an optional
// "__metadata__" of strings; the tensors' bytes, row-major, one after the other without holes.

/// A file that is damaged or is none of this format, or tensors that no such file can hold: the message names
/// the file, what was expected, what was found, and the likely cause.
struct SafeTensorsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct SafeTensors {
  std::map<std::string, std::string> metadata = {};
  std::vector<std::pair<std::string, Tensor<float>>> tensors = {};  ///< in the order of their bytes
  /// Type in the file, by tensor, of those that were not stored as float: F64 was rounded to the nearest, F16
  /// and BF16 are exact. Not written.
  std::map<std::string, std::string> converted = {};

  /// Null when there is none.
  const Tensor<float>* find(std::string_view name) const;
};

/// The bytes of a file: all tensors as F32, in their order, beginning at a multiple of 8 bytes. The same
/// tensors and metadata give the same bytes. Throws SafeTensorsError for two tensors of one name, one called
/// "__metadata__", and text that is not UTF-8.
std::string write_safetensors(const SafeTensors& file);

/// The tensors of a file's bytes; F64, F16 and BF16 become float. `source_name` stands in errors. Nothing is
/// allocated for what a header claims before the file's size has confirmed it. Throws SafeTensorsError for
/// everything that the format does not allow, for other types, and for numbers of F64 that no float can hold.
SafeTensors read_safetensors(std::string_view bytes, std::string_view source_name);

/// Throws FileError and SafeTensorsError.
SafeTensors load_safetensors(const std::filesystem::path& path);
/// Under a temporary name, flushed to the disk and renamed: when this throws (FileError, SafeTensorsError),
/// `path` holds what it held before.
void save_safetensors(const std::filesystem::path& path, const SafeTensors& file);

}  // namespace unroll
