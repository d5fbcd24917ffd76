#include "framework/tensor/npy_header.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>

// xtensor reads this format too, but takes header lengths of 128 bytes and more for negative numbers, leaves
// what a short file lacks uninitialised, and allocates what a damaged header asks for (xnpy.hpp, 0.24.3).

namespace unroll {

namespace {

[[noreturn]] void refuse_header(const std::string& origin, const std::string& what) {
  throw ArrayFileError(fmt::format("[npy] {}: {}", origin, what));
}

/// Reads the header's Python dictionary, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  NpyHeader parse() {
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
      refuse_header(origin_, "its header lacks one of 'descr', 'fortran_order' and 'shape'");
    skip_spaces();
    if (!text_.empty())
      refuse_header(origin_, fmt::format("its header is damaged: after its end stands '{}'", next()));
    return {*descr_, *fortran_order_, *shape_};
  }

 private:
  void value(const std::string& key) {
    if (key == "descr") {
      descr_ = type();
    } else if (key == "fortran_order") {
      fortran_order_ = boolean();
    } else if (key == "shape") {
      shape_ = tuple();
    } else {
      refuse_header(origin_, fmt::format("its header has an unknown key '{}'", npy_printed(key)));
    }
  }

  std::string type() {
    if (accept('['))
      refuse_header(origin_,
                    "it holds records (its type has named fields): save every field as an array of its own, "
                    "np.save(..., records['FIELD'], allow_pickle=False)");
    return string();
  }

  void skip_spaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }

  /// What comes next, as far as it can be shown.
  std::string next() const { return npy_printed(text_); }

  bool accept(char c) {
    skip_spaces();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (accept(c)) return;
    refuse_header(origin_,
                  fmt::format("its header is damaged: expected '{}' {}", c,
                              text_.empty() ? "before its end" : fmt::format("but found '{}'", next())));
  }

  std::string string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const auto end = text_.find(quote);
    if (end == std::string_view::npos) refuse_header(origin_, "its header is damaged: a string does not end");
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
    refuse_header(origin_, "its header is damaged: 'fortran_order' is neither True nor False");
  }

  std::int64_t extent() {
    skip_spaces();
    std::int64_t n = -1;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), n);
    if (error != std::errc() || n < 0)
      refuse_header(origin_, "its header is damaged: 'shape' holds something that is no extent");
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
  if (bytes.size() < size) refuse_header(origin, "it ends within its header");
  const std::string_view front = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return front;
}

}  // namespace

NpyHeader take_npy_header(std::string_view& bytes, const std::string& origin) {
  if (!bytes.starts_with(npy_magic))
    refuse_header(origin, "it is no .npy file: it does not start with \\x93NUMPY");
  bytes.remove_prefix(npy_magic.size());
  const auto version = static_cast<unsigned char>(take(bytes, 2, origin)[0]);
  if (version < 1 || version > 3)
    refuse_header(origin, fmt::format("its format version is {}, but 1 to 3 are known", version));
  std::uint32_t length = 0;
  const std::string_view stored = take(bytes, version == 1 ? 2 : 4, origin);
  std::memcpy(&length, stored.data(), stored.size());
  return HeaderParser(take(bytes, length, origin), origin).parse();
}

}  // namespace unroll
