#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "experiments/data/audio/sound_file.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/archive.hpp"

// libFuzzer: whatever bytes are given as a recording, or as a tar of recordings, they are sound with no more
// in it than the bytes have room for, or a DataError.

using namespace unroll;

namespace {

// FLAC and Vorbis say silence, or a repeated sample, in a few bits a block.
constexpr std::size_t most_samples_per_byte = 70'000;

void sound_of(std::string_view bytes) {
  const Sound sound = read_sound(bytes, "fuzz");
  if (sound.samples.empty() || sound.rate < 1000 || sound.channels < 1) __builtin_trap();
  if (sound.samples.size() > most_samples_per_byte * bytes.size()) __builtin_trap();
  for (const float x : sound.samples)
    if (!std::isfinite(x)) __builtin_trap();
}

void archive_of(std::string_view bytes) {
  std::uint64_t unpacked = 0;
  for_each_member(bytes, "fuzz", [&](const std::string& path, const std::string& content) {
    unpacked += content.size();
    if (path.empty() || path.front() == '/' || path.find("/../") != std::string::npos) __builtin_trap();
    try {
      sound_of(content);
    } catch (const DataError&) {
    }
  });
  if (unpacked > most_unpacked(bytes.size())) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto read : {sound_of, archive_of}) {
    try {
      read(bytes);
    } catch (const DataError&) {
    }
  }
  return 0;
}
