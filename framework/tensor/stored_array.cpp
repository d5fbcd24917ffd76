#include "framework/tensor/stored_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "framework/tensor/half.hpp"

namespace unroll {

static_assert(std::endian::native == std::endian::little,
              "little-endian numbers are read as they lie in memory");

namespace {

using Kind = StoredType::Kind;

// ---- one number

struct Half {
  std::uint16_t bits;
};
struct Boolean {
  std::uint8_t byte;
};

float number(Half half) { return half_to_float(half.bits); }
std::uint8_t number(Boolean boolean) { return boolean.byte != 0 ? 1 : 0; }
template <class S>
S number(S value) {
  return value;
}

/// The S that begins at `at`, in this machine's byte order.
template <class S, bool swapped>
auto number_at(const char* at) {
  std::array<char, sizeof(S)> bytes;
  std::memcpy(bytes.data(), at, sizeof(S));
  if constexpr (swapped) std::reverse(bytes.begin(), bytes.end());
  return number(std::bit_cast<S>(bytes));
}

/// Whether static_cast<T>(value) is `value`, up to rounding if that is a real number.
template <class T, class S>
bool is_held(S value) {
  if constexpr (std::is_floating_point_v<S>) {
    return !std::isfinite(value) || std::abs(value) <= static_cast<S>(std::numeric_limits<T>::max());
  } else if constexpr (std::is_integral_v<T>) {
    return std::in_range<T>(value);
  } else {
    using Unsigned = std::make_unsigned_t<S>;
    const Unsigned bits = static_cast<Unsigned>(value), magnitude = value < 0 ? Unsigned(0 - bits) : bits;
    return std::bit_width(magnitude) - std::countr_zero(magnitude) <= std::numeric_limits<T>::digits ||
           magnitude == 0;
  }
}

/// Whether some S is not held by T.
template <class T, class S>
constexpr bool may_not_fit = std::numeric_limits<S>::digits > std::numeric_limits<T>::digits;

// ---- what cannot be read

/// "(2, 0)": where the element stands that is number `at` in the file.
std::string index_text(const StoredArray& array, std::int64_t at) {
  Shape index(std::vector<std::int64_t>(array.shape.rank(), 0));
  for (std::size_t i = 0; i < index.rank(); ++i) {
    const std::size_t axis = array.fortran_order ? i : index.rank() - 1 - i;
    index[axis] = at % array.shape[axis];
    at /= array.shape[axis];
  }
  return to_string(index);
}

template <class T>
constexpr std::string_view name_of = "64-bit integer";
template <>
constexpr std::string_view name_of<float> = "32-bit float";
template <>
constexpr std::string_view name_of<double> = "64-bit float";

template <class T, class S>
[[noreturn]] void refuse(const StoredArray& array, std::int64_t at, S value, const std::string& origin) {
  const std::string element = fmt::format("{}: element {} of its shape {} is {}", origin,
                                          index_text(array, at), to_string(array.shape), value);
  if constexpr (std::is_floating_point_v<S>)
    throw ArrayFileError(
        fmt::format("{}, beyond the largest {}, {}: scale the numbers, or is this no number at all?", element,
                    name_of<T>, std::numeric_limits<T>::max()));
  else
    throw ArrayFileError(fmt::format(
        "{}, an integer that no {} holds exactly: make them smaller (subtract the least one, or number "
        "what they stand for from 0), or save real numbers if rounding does no harm",
        element, name_of<T>));
}

// ---- all numbers

template <class T, class S, bool swapped>
void convert(const StoredArray& array, const std::string& origin, Tensor<T>& to) {
  const char* at = array.bytes.data();
  for (std::int64_t i = 0; i < to.numel(); ++i, at += sizeof(S)) {
    const auto value = number_at<S, swapped>(at);
    using Value = std::remove_const_t<decltype(value)>;
    if constexpr (may_not_fit<T, Value>)
      if (!is_held<T>(value)) refuse<T>(array, i, value, origin);
    to[i] = static_cast<T>(value);
  }
}

template <class T, class S>
void convert(const StoredArray& array, const std::string& origin, Tensor<T>& to) {
  constexpr bool is_real = std::is_floating_point_v<S> || std::is_same_v<S, Half>;
  if constexpr (is_real && std::is_integral_v<T>)
    throw ArrayFileError(fmt::format("{}: expected integers, but found real numbers", origin));
  else if (array.type.order == std::endian::native || sizeof(S) == 1)
    convert<T, S, false>(array, origin, to);
  else
    convert<T, S, true>(array, origin, to);
}

template <class T>
struct Conversion {
  Kind kind;
  std::size_t size;
  void (*run)(const StoredArray&, const std::string&, Tensor<T>&);
};

template <class T>
constexpr std::array<Conversion<T>, 12> conversions = {{
    {Kind::boolean, 1, convert<T, Boolean>},
    {Kind::signed_integer, 1, convert<T, std::int8_t>},
    {Kind::signed_integer, 2, convert<T, std::int16_t>},
    {Kind::signed_integer, 4, convert<T, std::int32_t>},
    {Kind::signed_integer, 8, convert<T, std::int64_t>},
    {Kind::unsigned_integer, 1, convert<T, std::uint8_t>},
    {Kind::unsigned_integer, 2, convert<T, std::uint16_t>},
    {Kind::unsigned_integer, 4, convert<T, std::uint32_t>},
    {Kind::unsigned_integer, 8, convert<T, std::uint64_t>},
    {Kind::real, 2, convert<T, Half>},
    {Kind::real, 4, convert<T, float>},
    {Kind::real, 8, convert<T, double>},
}};

/// Data whose first axis runs fastest, made row-major.
template <class T>
Tensor<T> from_fortran_order(const Tensor<T>& stored) {
  const Shape& shape = stored.shape();
  std::vector<std::int64_t> stride(shape.rank(), 1), index(shape.rank(), 0);
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) stride[axis] = stride[axis - 1] * shape[axis - 1];
  auto tensor = Tensor<T>::without_values(shape);
  std::int64_t from = 0;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor[i] = stored[from];
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return tensor;
}

}  // namespace

std::optional<std::size_t> stored_bytes(const Shape& shape, std::size_t size) {
  auto bytes = static_cast<std::int64_t>(size);
  bool empty = false;
  for (const std::int64_t extent : shape) {
    empty = empty || extent == 0;
    if (extent < 0 || __builtin_mul_overflow(bytes, std::max<std::int64_t>(extent, 1), &bytes))
      return std::nullopt;
  }
  return empty ? 0 : static_cast<std::size_t>(bytes);
}

template <class T>
Tensor<T> values_of(const StoredArray& array, const std::string& origin) {
  const auto conversion = std::find_if(conversions<T>.begin(), conversions<T>.end(), [&](const auto& c) {
    return c.kind == array.type.kind && c.size == array.type.size;
  });
  if (conversion == conversions<T>.end() || stored_bytes(array.shape, array.type.size) != array.bytes.size())
    throw std::logic_error("values_of: the type is none of the known ones, or the bytes are not the shape's");
  auto tensor = Tensor<T>::without_values(array.shape);
  conversion->run(array, origin, tensor);
  return array.fortran_order ? from_fortran_order(tensor) : tensor;
}

template Tensor<float> values_of(const StoredArray&, const std::string&);
template Tensor<double> values_of(const StoredArray&, const std::string&);
template Tensor<std::int64_t> values_of(const StoredArray&, const std::string&);

}  // namespace unroll
