#include "experiments/data/audio/wav_header.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "experiments/data/data_error.hpp"

namespace unroll {
namespace {

constexpr std::size_t riff_header = 12, chunk_header = 8, rate_at = 4, rate_size = 4;
constexpr std::uint64_t unknown_size = 0x7fff'f000;

class Chunks {
 public:
  Chunks(std::string_view bytes, const std::string& name)
      : bytes_(bytes), name_(name), big_endian_(bytes.starts_with("RIFX")) {}

  void check() const {
    if (bytes_.size() < riff_header) refuse_short(bytes_.size(), "its first 12 bytes", riff_header);
    bool format = false;
    for (std::size_t at = riff_header;;) {
      if (at + chunk_header > bytes_.size()) {
        if (format) refuse(at, "expected a chunk \"data\" with the samples, found the end of the file");
        refuse_short(at, "a chunk \"fmt \" that says what the samples are", at + chunk_header);
      }
      const std::string_view id = bytes_.substr(at, 4);
      const std::uint64_t size = number(at + 4);
      const std::uint64_t left = bytes_.size() - at - chunk_header;
      if (id == "data") return check_samples(at, size, left);
      if (size > left)
        refuse_short(at, fmt::format("a chunk \"{}\" of {} bytes", shown(id), size), at + 8 + size);
      if (id == "fmt ") {
        format = true;
        check_rate(at + chunk_header, size);
      }
      at += chunk_header + size + size % 2;  // chunks begin at even bytes
    }
  }

 private:
  void check_rate(std::size_t at, std::uint64_t size) const {
    if (size < rate_at + rate_size)
      refuse(at, fmt::format("a chunk \"fmt \" of {} bytes, expected 16", size));
    if (number(at + rate_at) == 0)
      refuse(at + rate_at, "the sample rate is 0, expected samples per second, 8000 for example");
  }

  void check_samples(std::size_t at, std::uint64_t size, std::uint64_t left) const {
    if (left == 0 || size == 0) refuse(at, "the file has no samples: its chunk \"data\" is empty");
    const bool rf64 = bytes_.starts_with("RF64");  // whose size stands elsewhere
    if (size <= left || size >= unknown_size || rf64) return;
    refuse_short(at, fmt::format("a chunk \"data\" of {} bytes", size), at + chunk_header + size);
  }

  std::uint64_t number(std::size_t at) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(bytes_[at + i])} << 8 * (big_endian_ ? 3 - i : i);
    return value;
  }

  static std::string shown(std::string_view id) {
    std::string text;
    for (const char c : id) text += c >= ' ' && c <= '~' ? c : '?';
    return text;
  }

  [[noreturn]] void refuse_short(std::size_t at, const std::string& what, std::uint64_t needed) const {
    refuse(at, fmt::format("cut short: {} needs {} bytes, but the file ends at byte {}; was the recording or "
                           "copy complete?",
                           what, needed, bytes_.size()));
  }
  [[noreturn]] void refuse(std::size_t at, const std::string& what) const {
    throw DataError(fmt::format("{}: byte {}: {}", name_, at, what));
  }

  std::string_view bytes_;
  const std::string& name_;
  bool big_endian_;
};

}  // namespace

bool is_wav(std::string_view bytes) {
  return bytes.starts_with("RIFF") || bytes.starts_with("RIFX") || bytes.starts_with("RF64");
}

void check_wav(std::string_view bytes, const std::string& name) { Chunks(bytes, name).check(); }

}  // namespace unroll
