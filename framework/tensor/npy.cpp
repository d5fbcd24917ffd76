#include "framework/tensor/npy.hpp"

#include <fmt/format.h>

#include <bit>
#include <limits>

#include "framework/tensor/file.hpp"
#include "framework/tensor/npy_header.hpp"

namespace unroll {

static_assert(std::endian::native == std::endian::little, ".npy files are written as they lie in memory");

namespace {

template <class T>
constexpr std::string_view descr = "";
template <>
constexpr std::string_view descr<float> = "<f4";
template <>
constexpr std::string_view descr<double> = "<f8";
template <>
constexpr std::string_view descr<std::int64_t> = "<i8";

[[noreturn]] void fail(const std::string& origin, const std::string& what) {
  throw ArrayFileError(fmt::format("[npy] {}: {}", origin, what));
}

std::string header_text(std::string_view type, const Shape& shape) {
  const std::string extents = shape.rank() == 1 ? fmt::format("({},)", shape[0]) : to_string(shape);
  return fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, extents);
}

}  // namespace

StoredArray read_npy(std::string_view bytes, const std::string& origin) {
  NpyHeader header = take_npy_header(bytes, origin);
  const StoredType type = npy_type(header.descr, origin);
  if (header.shape.rank() > most_stored_axes)
    fail(origin,
         fmt::format("it has {} axes; at most {} can be read", header.shape.rank(), most_stored_axes));
  const auto expected = stored_bytes(header.shape, type.size);
  if (!expected)
    fail(origin, fmt::format("its shape {} is more than memory can hold", to_string(header.shape)));
  if (bytes.size() != *expected)
    fail(origin, fmt::format("its shape {} takes {} bytes of data, but {} follow the header: it is {}",
                             to_string(header.shape), *expected, bytes.size(),
                             bytes.size() < *expected ? "cut short" : "too long"));
  return {type, std::move(header.shape), header.fortran_order, bytes};
}

template <class T>
Tensor<T> parse_npy(std::string_view bytes, const std::string& origin) {
  std::string_view rest = bytes;
  const std::string found = take_npy_header(rest, origin).descr;
  if (found != descr<T>)
    fail(origin, fmt::format("expected elements of type {}, but found {}", npy_type_text(descr<T>),
                             npy_type_text(found)));
  return values_of<T>(read_npy(bytes, origin), origin);
}

AnyTensor parse_any_npy(std::string_view bytes, const std::string& origin) {
  const StoredArray array = read_npy(bytes, origin);
  if (array.type.is_integer()) return values_of<std::int64_t>(array, origin);
  if (array.type.size == sizeof(double)) return values_of<double>(array, origin);
  return values_of<float>(array, origin);
}

template <class T>
std::string npy_bytes(const Tensor<T>& tensor) {
  std::string text = header_text(descr<T>, tensor.shape());
  // The data begins at a multiple of 64 bytes, as NumPy writes it: 10 bytes come before the text, one '\n'
  // ends it.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  if (text.size() > std::numeric_limits<std::uint16_t>::max())
    throw std::runtime_error(
        fmt::format("[npy] a shape of {} axes does not fit a header", tensor.shape().rank()));
  std::string bytes(npy_magic);
  bytes += {1, 0, static_cast<char>(text.size() % 256), static_cast<char>(text.size() / 256)};
  bytes += text;
  bytes.append(reinterpret_cast<const char*>(tensor.data()), tensor.span().size_bytes());
  return bytes;
}

template <class T>
Tensor<T> load_npy(const std::filesystem::path& path) {
  return parse_npy<T>(read_file(path), path.string());
}

template <class T>
void save_npy(const std::filesystem::path& path, const Tensor<T>& tensor) {
  write_file(path, npy_bytes(tensor));
}

template Tensor<float> parse_npy(std::string_view, const std::string&);
template Tensor<double> parse_npy(std::string_view, const std::string&);
template Tensor<std::int64_t> parse_npy(std::string_view, const std::string&);
template std::string npy_bytes(const Tensor<float>&);
template std::string npy_bytes(const Tensor<double>&);
template std::string npy_bytes(const Tensor<std::int64_t>&);
template Tensor<float> load_npy(const std::filesystem::path&);
template Tensor<double> load_npy(const std::filesystem::path&);
template Tensor<std::int64_t> load_npy(const std::filesystem::path&);
template void save_npy(const std::filesystem::path&, const Tensor<float>&);
template void save_npy(const std::filesystem::path&, const Tensor<double>&);
template void save_npy(const std::filesystem::path&, const Tensor<std::int64_t>&);

}  // namespace unroll
