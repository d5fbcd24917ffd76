#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// A file of arrays that is damaged, of another format, or holds what tensors cannot: the message names the
/// file, the place in it, what was expected and what was found.
struct ArrayFileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the numbers of a file are: `size` bytes each. Real numbers have 2, 4 or 8 bytes, integers 1, 2, 4 or
/// 8, truth values one, 0 where false.
struct StoredType {
  enum class Kind { boolean, signed_integer, unsigned_integer, real };
  Kind kind;
  std::size_t size;
  std::endian order = std::endian::little;

  bool is_integer() const { return kind != Kind::real; }
  bool operator==(const StoredType&) const = default;
};

/// An array as it lies in a file. `bytes` are as many as shape and type need.
struct StoredArray {
  StoredType type;
  Shape shape;
  bool fortran_order = false;  ///< the first axis runs fastest, not the last
  std::string_view bytes = {};
};

/// NumPy's limit.
inline constexpr std::size_t most_stored_axes = 64;

/// What a file may unpack to, by default.
inline constexpr std::uint64_t most_unpacked_bytes = std::uint64_t{16} << 30;

/// Deflate, which .npz and .gz files are packed by, makes data smaller by no more than this (zlib's technical
/// details: zlib.net/zlib_tech.html): what claims to unpack to more is damaged.
inline constexpr std::uint64_t most_compression = 1032;

/// Bytes of `shape`'s elements, `size` bytes each; none for a negative extent, or extents whose product is
/// beyond all memory, even if one of them is 0.
std::optional<std::size_t> stored_bytes(const Shape& shape, std::size_t size);

/// The numbers as T: float, double or std::int64_t. Real numbers are rounded to the nearest; throws
/// ArrayFileError, which begins with `origin` and gives the index, for an integer that T does not hold
/// exactly (beyond 2^24 many are none of float's), a real number beyond T's range, and one where T is an
/// integer type.
template <class T>
Tensor<T> values_of(const StoredArray& array, const std::string& origin);

}  // namespace unroll
