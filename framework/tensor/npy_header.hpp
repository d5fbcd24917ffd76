#pragma once

#include <string>
#include <string_view>

#include "framework/tensor/stored_array.hpp"

namespace unroll {

/// How .npy files begin.
inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// What a .npy file's header says.
struct NpyHeader {
  std::string descr;  ///< NumPy's name of the type of the elements, '<f4'
  bool fortran_order = false;
  Shape shape;
};

/// Takes the header off the front of a .npy file's bytes, which leaves the data. Throws ArrayFileError, for
/// arrays of records as well, whose type has no short name.
NpyHeader take_npy_header(std::string_view& bytes, const std::string& origin);

/// What '<f4' and the like mean; throws ArrayFileError, with what can be done, for types that are no numbers
/// or no real ones.
StoredType npy_type(std::string_view descr, const std::string& origin);

/// "'>f8' (float64, big-endian)"; only the text where it names no number type.
std::string npy_type_text(std::string_view descr);

/// The beginning of what stands in a header, as far as it can be shown in an error.
std::string npy_printed(std::string_view text);

}  // namespace unroll
