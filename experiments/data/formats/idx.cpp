#include "experiments/data/formats/idx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/data/data_error.hpp"

namespace unroll {

namespace {

using Kind = StoredType::Kind;

struct IdxType {
  unsigned char code;
  StoredType type;
};
constexpr std::array<IdxType, 6> types = {{{0x08, {Kind::unsigned_integer, 1, std::endian::big}},
                                           {0x09, {Kind::signed_integer, 1, std::endian::big}},
                                           {0x0B, {Kind::signed_integer, 2, std::endian::big}},
                                           {0x0C, {Kind::signed_integer, 4, std::endian::big}},
                                           {0x0D, {Kind::real, 4, std::endian::big}},
                                           {0x0E, {Kind::real, 8, std::endian::big}}}};

constexpr std::size_t magic_bytes = 4, extent_bytes = 4;

[[noreturn]] void fail(const std::string& name, const std::string& what) {
  throw DataError(fmt::format("[idx] {}: {}", name, what));
}

std::size_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

std::int64_t extent_at(std::string_view bytes, std::size_t at) {
  std::int64_t extent = 0;
  for (std::size_t i = 0; i < extent_bytes; ++i)
    extent = extent << 8 | static_cast<std::int64_t>(byte_at(bytes, at + i));
  return extent;
}

}  // namespace

bool is_idx(std::string_view bytes) { return bytes.starts_with(std::string_view("\0\0", 2)); }

StoredArray read_idx(std::string_view bytes, const std::string& name) {
  if (bytes.size() < magic_bytes)
    fail(name, fmt::format("it ends within its header: it has {} bytes", bytes.size()));
  const auto type = std::ranges::find(types, byte_at(bytes, 2), &IdxType::code);
  if (!is_idx(bytes) || type == types.end())
    fail(name,
         fmt::format(
             "expected the header 00 00 of an IDX file, the type of its elements (08, 09, 0b, 0c, 0d or "
             "0e) and the number of axes, but found {:02x} {:02x} {:02x} {:02x}: it is no IDX file, or "
             "it is damaged",
             byte_at(bytes, 0), byte_at(bytes, 1), byte_at(bytes, 2), byte_at(bytes, 3)));
  const std::size_t axes = byte_at(bytes, 3), header = magic_bytes + axes * extent_bytes;
  if (axes == 0 || axes > most_stored_axes)
    fail(name,
         fmt::format("expected 1 to {} axes, but its header says {}: it is damaged", most_stored_axes, axes));
  if (bytes.size() < header)
    fail(name, fmt::format("it ends within its header: {} axes take {} bytes, but it has {}", axes, header,
                           bytes.size()));
  StoredArray array{type->type, {}, false, bytes.substr(header)};
  for (std::size_t axis = 0; axis < axes; ++axis)
    array.shape.push_back(extent_at(bytes, magic_bytes + axis * extent_bytes));
  const auto expected = stored_bytes(array.shape, array.type.size);
  if (!expected)
    fail(name,
         fmt::format("its shape {} is more than memory can hold: it is damaged", to_string(array.shape)));
  if (array.bytes.size() != *expected)
    fail(name, fmt::format("its shape {} takes {} bytes of data, but {} follow the header: it is {}",
                           to_string(array.shape), *expected, array.bytes.size(),
                           array.bytes.size() < *expected ? "cut short; was the download complete?"
                                                          : "too long; was something appended?"));
  return array;
}

}  // namespace unroll
