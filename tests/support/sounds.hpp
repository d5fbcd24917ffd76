#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "experiments/config/input_file.hpp"
#include "framework/random/stream.hpp"

// Recordings and archives of them, byte by byte from the formats' definitions.

namespace unroll::test {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

struct WavFormat {
  int rate = 8000, bits = 16, channels = 1;
  bool floats = false;
  int tag = 0;  ///< of the coding; 0: that of integers or floats
};

/// A sample, full scale 1, as WAV has it.
inline std::string wav_sample(double x, const WavFormat& format) {
  if (format.floats) {
    std::uint32_t bits = 0;
    const auto single = static_cast<float>(x);
    std::memcpy(&bits, &single, sizeof bits);
    return little_endian(bits, 4);
  }
  const auto whole = static_cast<std::int64_t>(std::floor(x * std::ldexp(1, format.bits - 1)));
  if (format.bits == 8)
    return little_endian(static_cast<std::uint64_t>(whole + 128), 1);  // which has no sign
  return little_endian(static_cast<std::uint64_t>(whole), format.bits / 8);
}

/// `samples` are frame by frame, channel by channel.
inline std::string wav(const std::vector<double>& samples, const WavFormat& format = {}) {
  std::string data;
  for (const double x : samples) data += wav_sample(x, format);
  const int frame = format.bits / 8 * format.channels;
  const int tag = format.tag != 0 ? format.tag : format.floats ? 3 : 1;
  const std::string chunk = little_endian(static_cast<std::uint64_t>(tag), 2) +
                            little_endian(static_cast<std::uint64_t>(format.channels), 2) +
                            little_endian(static_cast<std::uint64_t>(format.rate), 4) +
                            little_endian(static_cast<std::uint64_t>(format.rate * frame), 4) +
                            little_endian(static_cast<std::uint64_t>(frame), 2) +
                            little_endian(static_cast<std::uint64_t>(format.bits), 2);
  const std::string body =
      "WAVEfmt " + little_endian(16, 4) + chunk + "data" + little_endian(data.size(), 4) + data;
  return "RIFF" + little_endian(body.size(), 4) + body;
}

/// A tone with a little noise.
inline std::vector<double> tone(double hertz, double seconds, std::uint64_t seed = 1, int rate = 8000) {
  Stream stream(seed, Purpose::check);
  std::vector<double> samples(static_cast<std::size_t>(seconds * rate));
  for (std::size_t n = 0; n < samples.size(); ++n)
    samples[n] =
        0.3 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(n) / rate) + 0.01 * stream.normal();
  return samples;
}

struct TarEntry {
  std::string path, bytes = {};
  char type = '0';  ///< a file; '1', '2' a link, '3' a device, '5' a folder
  std::string link = {};
};

/// One header of 512 bytes and the content, filled up to as many (POSIX.1-1988, ustar).
inline std::string tar_member(const TarEntry& entry) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  const auto octal = [](std::uint64_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (int i = digits; i-- > 0; value /= 8)
      text[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 8);
    return text;
  };
  put(0, entry.path);
  put(100, octal(0644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(entry.bytes.size(), 11));
  put(136, octal(0, 11));
  put(148, "        ");
  header[156] = entry.type;
  put(157, entry.link);
  put(257, "ustar");
  put(263, "00");
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + '\0');
  std::string bytes = entry.bytes;
  bytes.resize((bytes.size() + 511) / 512 * 512);
  return header + bytes;
}

inline std::string tar(const std::vector<TarEntry>& entries) {
  std::string all;
  for (const TarEntry& entry : entries) all += tar_member(entry);
  return all + std::string(1024, '\0');
}

inline InputFile archive_value(std::string bytes, std::string path = "set.tar") {
  return {std::move(path), std::to_string(std::hash<std::string>{}(bytes)),
          std::make_shared<const std::string>(std::move(bytes))};
}

/// Two kinds of tones, a low and a high one, by two speakers of whom one is louder, ten of each, of uneven
/// lengths: "0_ann_3.wav".
inline InputFile small_recordings() {
  std::vector<TarEntry> entries;
  std::uint64_t seed = 0;
  for (const int label : {0, 1})
    for (const std::string speaker : {"ann", "bob"})
      for (int n = 0; n < 10; ++n) {
        std::vector<double> samples = tone(label == 0 ? 400 : 1500, 0.08 + 0.01 * (n % 5), ++seed);
        if (speaker == "bob")
          for (double& x : samples) x /= 2;
        entries.push_back(
            {std::to_string(label) + "_" + speaker + "_" + std::to_string(n) + ".wav", wav(samples)});
      }
  return archive_value(tar(entries), "tones.tar");
}

}  // namespace unroll::test
