#include "framework/tensor/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "framework/tensor/file.hpp"

// xtensor reads this format too, but takes header lengths of 128 bytes and more for negative numbers, leaves
// what a short file lacks uninitialised, and allocates what a damaged header asks for (xnpy.hpp, 0.24.3).

namespace unroll {

static_assert(std::endian::native == std::endian::little,
              ".npy files are read and written as they lie in memory");

namespace {

constexpr std::string_view magic = "\x93NUMPY";

template <class T>
constexpr std::string_view descr = "";
template <>
constexpr std::string_view descr<float> = "<f4";
template <>
constexpr std::string_view descr<double> = "<f8";
template <>
constexpr std::string_view descr<std::int64_t> = "<i8";

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

[[noreturn]] void fail(const std::string& origin, const std::string& what) {
  throw std::runtime_error(fmt::format("[npy] {}: {}", origin, what));
}

/// Reads the header's Python dictionary, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      value(key);
      if (accept(',')) continue;
      expect('}');
      break;
    }
    if (!descr_ || !fortran_order_ || !shape_)
      fail(origin_, "its header lacks one of 'descr', 'fortran_order' and 'shape'");
    skip_spaces();
    if (!text_.empty())
      fail(origin_, fmt::format("its header is damaged: after its end stands '{}'", next()));
    return {*descr_, *fortran_order_, *shape_};
  }

 private:
  void value(const std::string& key) {
    if (key == "descr") {
      descr_ = string();
    } else if (key == "fortran_order") {
      fortran_order_ = boolean();
    } else if (key == "shape") {
      shape_ = tuple();
    } else {
      fail(origin_, fmt::format("its header has an unknown key '{}'", key));
    }
  }

  void skip_spaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }

  /// What comes next, as far as it can be shown.
  std::string next() const {
    std::string shown(text_.substr(0, 12));
    std::ranges::replace_if(
        shown, [](char c) { return c < ' ' || c > '~'; }, '?');
    return shown;
  }

  bool accept(char c) {
    skip_spaces();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (accept(c)) return;
    fail(origin_, fmt::format("its header is damaged: expected '{}' {}", c,
                              text_.empty() ? "before its end" : fmt::format("but found '{}'", next())));
  }

  std::string string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const auto end = text_.find(quote);
    if (end == std::string_view::npos) fail(origin_, "its header is damaged: a string does not end");
    const std::string found(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return found;
  }

  bool boolean() {
    skip_spaces();
    for (const std::string_view word : {"True", "False"})
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        return word == "True";
      }
    fail(origin_, "its header is damaged: 'fortran_order' is neither True nor False");
  }

  std::int64_t extent() {
    skip_spaces();
    std::int64_t n = -1;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), n);
    if (error != std::errc() || n < 0)
      fail(origin_, "its header is damaged: 'shape' holds something that is no extent");
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return n;
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      shape.push_back(extent());
      if (accept(',')) continue;
      expect(')');
      break;
    }
    return shape;
  }

  std::string_view text_;
  const std::string& origin_;
  std::optional<std::string> descr_;
  std::optional<bool> fortran_order_;
  std::optional<Shape> shape_;
};

/// Takes `size` bytes off the front.
std::string_view take(std::string_view& bytes, std::size_t size, const std::string& origin) {
  if (bytes.size() < size) fail(origin, "it ends within its header");
  const std::string_view front = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return front;
}

/// Takes the header off the front of a file; what is left is data.
Header take_header(std::string_view& bytes, const std::string& origin) {
  if (!bytes.starts_with(magic)) fail(origin, "it is no .npy file: it does not start with \\x93NUMPY");
  bytes.remove_prefix(magic.size());
  const auto version = static_cast<unsigned char>(take(bytes, 2, origin)[0]);
  if (version < 1 || version > 3)
    fail(origin, fmt::format("its format version is {}, but 1 to 3 are known", version));
  std::uint32_t length = 0;
  const std::string_view stored = take(bytes, version == 1 ? 2 : 4, origin);
  std::memcpy(&length, stored.data(), stored.size());
  return HeaderParser(take(bytes, length, origin), origin).parse();
}

/// "float64, big-endian" for ">f8"; the text itself where it means nothing here.
std::string type_name(std::string_view text) {
  if (text.size() < 3) return fmt::format("'{}'", text);
  const std::string_view kind = text.substr(1, 1), bytes = text.substr(2);
  int size = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), size);
  const std::string_view name = kind == "f" ? "float" : kind == "i" ? "int" : kind == "u" ? "uint" : "";
  if (name.empty() || size <= 0) return fmt::format("'{}'", text);
  const std::string_view order = text[0] == '>' ? ", big-endian" : text[0] == '<' ? ", little-endian" : "";
  return fmt::format("'{}' ({}{}{})", text, name, 8 * size, order);
}

/// Bytes of `shape`'s elements, or none where a product of extents (an empty one counted as 1) overflows.
std::optional<std::size_t> bytes_of(const Shape& shape, std::size_t element) {
  auto bytes = static_cast<std::int64_t>(element);
  bool empty = false;
  for (const std::int64_t extent : shape) {
    empty = empty || extent == 0;
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(extent, 1), &bytes)) return std::nullopt;
  }
  return empty ? 0 : static_cast<std::size_t>(bytes);
}

/// Data whose first axis runs fastest, made row-major.
template <class T>
Tensor<T> from_fortran_order(const Shape& shape, const Tensor<T>& stored) {
  Tensor<T> tensor(shape);
  std::vector<std::int64_t> index(shape.rank(), 0);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    std::int64_t from = 0;
    for (std::size_t axis = shape.rank(); axis-- > 0;) from = from * shape[axis] + index[axis];
    tensor[i] = stored[from];
    for (std::size_t axis = shape.rank(); axis-- > 0 && ++index[axis] == shape[axis];) index[axis] = 0;
  }
  return tensor;
}

std::string header_text(std::string_view type, const Shape& shape) {
  const std::string extents = shape.rank() == 1 ? fmt::format("({},)", shape[0]) : to_string(shape);
  return fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, extents);
}

}  // namespace

template <class T>
Tensor<T> parse_npy(std::string_view bytes, const std::string& origin) {
  const Header header = take_header(bytes, origin);
  if (header.descr != descr<T>)
    fail(origin, fmt::format("expected elements of type {}, but found {}", type_name(descr<T>),
                             type_name(header.descr)));
  const auto expected = bytes_of(header.shape, sizeof(T));
  if (!expected)
    fail(origin, fmt::format("its shape {} is more than memory can hold", to_string(header.shape)));
  if (bytes.size() != *expected)
    fail(origin, fmt::format("its shape {} takes {} bytes of data, but {} follow the header: it is {}",
                             to_string(header.shape), *expected, bytes.size(),
                             bytes.size() < *expected ? "cut short" : "too long"));
  Tensor<T> tensor(header.shape);
  if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  return header.fortran_order ? from_fortran_order(header.shape, tensor) : tensor;
}

AnyTensor parse_any_npy(std::string_view bytes, const std::string& origin) {
  std::string_view rest = bytes;
  const Header header = take_header(rest, origin);
  if (header.descr == descr<float>) return parse_npy<float>(bytes, origin);
  if (header.descr == descr<double>) return parse_npy<double>(bytes, origin);
  if (header.descr == descr<std::int64_t>) return parse_npy<std::int64_t>(bytes, origin);
  fail(origin,
       fmt::format("expected elements of type {}, {} or {}, but found {}", type_name(descr<float>),
                   type_name(descr<double>), type_name(descr<std::int64_t>), type_name(header.descr)));
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
  std::string bytes(magic);
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
