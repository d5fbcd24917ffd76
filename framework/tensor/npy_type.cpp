#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "framework/tensor/npy_header.hpp"

namespace unroll {

namespace {

using Kind = StoredType::Kind;

/// NumPy's name of a type after the byte order, its long name, and what it is.
struct NumberType {
  std::string_view code, name;
  Kind kind;
  std::size_t size;
};

constexpr std::array<NumberType, 12> number_types = {{
    {"b1", "bool", Kind::boolean, 1},
    {"i1", "int8", Kind::signed_integer, 1},
    {"i2", "int16", Kind::signed_integer, 2},
    {"i4", "int32", Kind::signed_integer, 4},
    {"i8", "int64", Kind::signed_integer, 8},
    {"u1", "uint8", Kind::unsigned_integer, 1},
    {"u2", "uint16", Kind::unsigned_integer, 2},
    {"u4", "uint32", Kind::unsigned_integer, 4},
    {"u8", "uint64", Kind::unsigned_integer, 8},
    {"f2", "float16", Kind::real, 2},
    {"f4", "float32", Kind::real, 4},
    {"f8", "float64", Kind::real, 8},
}};

/// Null when `descr` names none of them. One byte has no order.
const NumberType* find_type(std::string_view descr) {
  if (descr.empty()) return nullptr;
  const auto found = std::ranges::find(number_types, descr.substr(1), &NumberType::code);
  if (found == number_types.end()) return nullptr;
  const bool ordered = descr[0] == '<' || descr[0] == '>' || (descr[0] == '|' && found->size == 1);
  return ordered ? &*found : nullptr;
}

/// What a type is that is none of numbers, or of none that tensors have, and what to do about it.
std::string_view remedy(std::string_view descr) {
  switch (descr.size() < 2 ? ' ' : descr[1]) {
    case 'O':
      return "Python objects, as rows of different lengths make: save it with a number type, np.save(..., "
             "np.asarray(x, dtype=np.float32), allow_pickle=False)";
    case 'U':
    case 'S':
      return "text: save numbers, np.save(..., x.astype(np.float32), allow_pickle=False)";
    case 'M':
    case 'm':
      return "times: save numbers, such as (x - x[0]) / np.timedelta64(1, 's')";
    case 'c':
      return "complex numbers: save the real and the imaginary part as arrays of their own";
    case 'V':
      return "which has no name in NumPy, as bfloat16 has none: save it as x.astype(np.float32)";
    default:
      return "which is not read: save it as x.astype(np.float32)";
  }
}

}  // namespace

StoredType npy_type(std::string_view descr, const std::string& origin) {
  if (const NumberType* type = find_type(descr))
    return {type->kind, type->size, descr[0] == '>' ? std::endian::big : std::endian::little};
  throw ArrayFileError(fmt::format(
      "[npy] {}: expected elements of type bool, int8 to int64, uint8 to uint64 or float16 to float64, "
      "but found {}, {}",
      origin, npy_type_text(descr), remedy(descr)));
}

std::string npy_type_text(std::string_view descr) {
  const std::string quoted = fmt::format("'{}'", npy_printed(descr));
  const NumberType* type = find_type(descr);
  if (type == nullptr) return quoted;
  const std::string_view order = descr[0] == '>' ? ", big-endian" : descr[0] == '<' ? ", little-endian" : "";
  return fmt::format("{} ({}{})", quoted, type->name, order);
}

std::string npy_printed(std::string_view text) {
  std::string shown(text.substr(0, 12));
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

}  // namespace unroll
