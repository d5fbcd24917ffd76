#include "experiments/data/formats/gzip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "experiments/data/data_error.hpp"

namespace unroll {

namespace {

/// zlib's state, which frees itself.
class Inflater {
 public:
  Inflater() {
    constexpr int largest_window = 15, gzip_only = 16;
    if (inflateInit2(&stream, largest_window + gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream = {};
};

/// zlib counts in 32 bits.
uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class Unpacking {
 public:
  Unpacking(std::string_view bytes, const std::string& name, std::uint64_t most_bytes)
      : bytes_(bytes), name_(name), most_bytes_(most_bytes) {}

  std::string run() {
    do {
      while (step() != Z_STREAM_END) {
      }
      check_what_follows();
      inflateReset(&inflater_.stream);
    } while (at_ < bytes_.size());
    unpacked_.resize(size_);
    return std::move(unpacked_);
  }

 private:
  int step() {
    if (size_ == unpacked_.size()) make_room();
    z_stream& stream = inflater_.stream;
    const uInt in = piece(bytes_.size() - at_), out = piece(unpacked_.size() - size_);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data() + at_));  // which it only reads
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(unpacked_.data() + size_);
    stream.avail_out = out;
    const int status = inflate(&stream, Z_NO_FLUSH);
    at_ += in - stream.avail_in;
    size_ += out - stream.avail_out;
    if (size_ > most_bytes_)
      fail(fmt::format("it unpacks to more than {} bytes, the most that is read", most_bytes_));
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_BUF_ERROR || (status == Z_OK && at_ == bytes_.size() && stream.avail_out > 0))
      fail(fmt::format(
          "it is cut short: its {} bytes end within the compressed data, {} bytes unpacked; was the "
          "download or copy complete?",
          bytes_.size(), size_));
    if (status != Z_OK && status != Z_STREAM_END)
      fail(fmt::format("it is damaged before byte {}: {}", at_,
                       stream.msg != nullptr ? stream.msg : "no gzip data"));
    return status;
  }

  /// Twice as much as was needed so far; a byte beyond the limit, so that it is seen to be passed.
  void make_room() {
    const std::uint64_t wanted = std::max<std::uint64_t>({1 << 16, 4 * bytes_.size(), 2 * size_});
    unpacked_.resize(std::min(wanted, most_bytes_ + 1));
  }

  void check_what_follows() const {
    if (at_ == bytes_.size() || is_gzip(bytes_.substr(at_))) return;
    fail(fmt::format(
        "its compressed data ends at byte {}, but {} more bytes follow that are no gzip data: something "
        "was appended, or it is damaged",
        at_, bytes_.size() - at_));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("[gzip] {}: {}", name_, what));
  }

  std::string_view bytes_;
  const std::string& name_;
  std::uint64_t most_bytes_;
  Inflater inflater_;
  std::size_t at_ = 0;  ///< bytes read
  std::string unpacked_;
  std::size_t size_ = 0;  ///< bytes written
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

std::string unpack_gzip(std::string_view bytes, const std::string& name, std::uint64_t most_bytes) {
  return Unpacking(bytes, name, most_bytes).run();
}

}  // namespace unroll
