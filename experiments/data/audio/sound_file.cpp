#include "experiments/data/audio/sound_file.hpp"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>

#include "experiments/data/audio/wav_header.hpp"
#include "experiments/data/data_error.hpp"

namespace unroll {
namespace {

constexpr int least_rate = 1'000, most_rate = 768'000, most_channels = 64;

/// A file in memory, as the library reads it.
struct Reader {
  std::string_view bytes;
  sf_count_t at = 0;
};

Reader& reader(void* of) { return *static_cast<Reader*>(of); }

sf_count_t size_of(void* of) { return static_cast<sf_count_t>(reader(of).bytes.size()); }
sf_count_t place_in(void* of) { return reader(of).at; }

sf_count_t seek(sf_count_t offset, int whence, void* of) {
  const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? reader(of).at : size_of(of);
  return reader(of).at = std::clamp<sf_count_t>(from + offset, 0, size_of(of));
}

sf_count_t read(void* to, sf_count_t count, void* of) {
  Reader& from = reader(of);
  count = std::clamp<sf_count_t>(count, 0, size_of(of) - from.at);
  std::memcpy(to, from.bytes.data() + from.at, static_cast<std::size_t>(count));
  from.at += count;
  return count;
}

sf_count_t write(const void*, sf_count_t, void*) { return 0; }

std::string lower(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return all;
}

/// What bytes are that are called .wav and are none.
std::string_view kind_of(std::string_view bytes) {
  struct Kind {
    std::string_view begin, name;
  };
  constexpr std::array kinds = {Kind{"fLaC", "FLAC"},    Kind{"OggS", "Ogg"},      Kind{"ID3", "MP3"},
                                Kind{"\xff\xfb", "MP3"}, Kind{"\x1f\x8b", "gzip"}, Kind{"PK", "zip"}};
  for (const Kind& kind : kinds)
    if (bytes.starts_with(kind.begin)) return kind.name;
  return "neither RIFF nor a known format";
}

class SoundReader {
 public:
  SoundReader(std::string_view bytes, const std::string& name) : name_(name), from_{bytes} {
    SF_VIRTUAL_IO how = {size_of, seek, unroll::read, write, place_in};
    file_.reset(sf_open_virtual(&how, SFM_READ, &info_, &from_));
    if (!file_) refuse(fmt::format("expected WAV, FLAC or Ogg Vorbis: {}", sf_strerror(nullptr)));
    check_format();
  }

  Sound read() {
    Sound sound{.samples = {}, .rate = info_.samplerate, .channels = info_.channels};
    const auto channels = static_cast<std::size_t>(info_.channels);
    std::vector<float> frames(4096 * channels);
    for (;;) {
      const sf_count_t count =
          sf_readf_float(file_.get(), frames.data(), static_cast<sf_count_t>(frames.size() / channels));
      if (count <= 0) break;
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
        sound.samples.push_back(mixed({frames.data() + i * channels, channels}, sound.samples.size()));
    }
    const auto samples = static_cast<sf_count_t>(sound.samples.size());
    if (samples == 0) refuse("the file has no samples");
    if (sf_error(file_.get()) != SF_ERR_NO_ERROR)
      refuse(fmt::format("damaged behind sample {}: {}", samples, sf_strerror(file_.get())));
    // What a library cannot know beforehand it says is as long as can be.
    if (samples < info_.frames && info_.frames != SF_COUNT_MAX)
      refuse(
          fmt::format("cut short: its header says {} samples, but it ends behind {}, at byte {}; was the "
                      "recording or copy complete?",
                      info_.frames, samples, from_.bytes.size()));
    return sound;
  }

 private:
  void check_format() const {
    const int kind = info_.format & SF_FORMAT_TYPEMASK, coding = info_.format & SF_FORMAT_SUBMASK;
    constexpr std::array kinds = {SF_FORMAT_WAV, SF_FORMAT_WAVEX, SF_FORMAT_RF64, SF_FORMAT_FLAC,
                                  SF_FORMAT_OGG};
    if (std::ranges::find(kinds, kind) == kinds.end())
      refuse(fmt::format("expected WAV, FLAC or Ogg Vorbis, found {}", format_name(kind)));
    constexpr std::array codings = {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_S8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24,
                                    SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,  SF_FORMAT_DOUBLE, SF_FORMAT_ULAW,
                                    SF_FORMAT_ALAW,   SF_FORMAT_VORBIS};
    if (std::ranges::find(codings, coding) == codings.end())
      refuse(
          fmt::format("its samples are compressed ({}), expected integers, floats, A-law or µ-law: convert "
                      "it, as by sox IN OUT.flac",
                      format_name(coding)));
    if (info_.samplerate < least_rate || info_.samplerate > most_rate)
      refuse(fmt::format("the sample rate is {} Hz, expected {} to {}", info_.samplerate, least_rate,
                         most_rate));
    if (info_.channels < 1 || info_.channels > most_channels)
      refuse(fmt::format("{} channels, expected 1 to {}", info_.channels, most_channels));
  }

  static std::string format_name(int format) {
    SF_FORMAT_INFO named = {.format = format, .name = nullptr, .extension = nullptr};
    const int status = sf_command(nullptr, SFC_GET_FORMAT_INFO, &named, sizeof named);
    return status == 0 && named.name != nullptr ? named.name : fmt::format("format {:#x}", format);
  }

  float mixed(std::span<const float> frame, std::size_t at) const {
    float sum = 0;
    for (const float x : frame) sum += x;
    if (std::isfinite(sum)) return sum / static_cast<float>(frame.size());
    refuse(fmt::format("sample {} is {}, expected finite numbers", at, sum));
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw DataError(fmt::format("{}: {}", name_, what));
  }

  const std::string& name_;
  Reader from_;
  SF_INFO info_ = {};
  std::unique_ptr<SNDFILE, decltype(&sf_close)> file_{nullptr, sf_close};
};

}  // namespace

bool is_sound_name(std::string_view path) {
  const std::string name = lower(path);
  constexpr std::array ends = {".wav", ".flac", ".ogg", ".oga"};
  return std::ranges::any_of(ends, [&](const char* end) { return name.ends_with(end); });
}

Sound read_sound(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) throw DataError(fmt::format("{}: expected a recording, found an empty file", name));
  if (is_wav(bytes))
    check_wav(bytes, name);
  else if (lower(name).ends_with(".wav"))
    throw DataError(
        fmt::format("{}: expected a WAV file, as its name says, found {}: rename it, or convert it", name,
                    kind_of(bytes)));
  return SoundReader(bytes, name).read();
}

}  // namespace unroll
