#pragma once

#include <string>
#include <string_view>

#include "framework/tensor/stored_array.hpp"

namespace unroll {

/// Whether bytes begin as an IDX file does, with two bytes of 0 (yann.lecun.com/exdb/mnist).
bool is_idx(std::string_view bytes);

/// The array of an IDX file's bytes, which must outlive it: two bytes of 0, one for the type of the elements,
/// one for the number of axes, their extents in 4 bytes each, the elements, row-major; all big-endian. Throws
/// DataError, which calls the file `name`.
StoredArray read_idx(std::string_view bytes, const std::string& name);

}  // namespace unroll
