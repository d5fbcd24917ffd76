#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// One channel of sound.
struct Sound {
  std::vector<float> samples;  ///< full scale is 1
  std::int64_t rate = 0;       ///< samples per second
  std::int64_t channels = 1;   ///< of the file, whose mean this is

  double seconds() const { return static_cast<double>(samples.size()) / static_cast<double>(rate); }
};

/// Whether a path ends as those of recordings do: .wav, .flac, .ogg, .oga, in any case.
bool is_sound_name(std::string_view path);

/// The sound in a file's bytes: WAV (RIFF, RIFX, RF64; integers of 8 to 32 bits, floats, A-law, µ-law), FLAC
/// or Ogg Vorbis, whatever its name. Several channels are mixed down to their mean. Throws DataError, which
/// calls the file `name`, for an empty file, for other formats, for a file cut short (with the byte, or the
/// sample), for one without samples, for rates outside 1,000 to 768,000 Hz, for samples that are no finite
/// numbers, and for a name that ends in .wav where the bytes are of another format.
Sound read_sound(std::string_view bytes, const std::string& name);

}  // namespace unroll
