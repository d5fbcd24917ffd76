#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

// MIDI files byte by byte, as the specification has them; nothing of the project's own writer.

namespace unroll::midi_test {

inline std::string bytes(std::initializer_list<int> values) {
  std::string all;
  for (const int value : values) all += static_cast<char>(value);
  return all;
}

inline std::string big_endian(std::int64_t value, int count) {
  std::string all;
  for (int i = count - 1; i >= 0; --i) all += static_cast<char>((value >> (8 * i)) & 0xff);
  return all;
}

inline std::string chunk(std::string_view kind, std::string_view content) {
  return std::string(kind) + big_endian(static_cast<std::int64_t>(content.size()), 4) + std::string(content);
}

inline std::string header(int format, int tracks, int division = 96) {
  return chunk("MThd", big_endian(format, 2) + big_endian(tracks, 2) + big_endian(division, 2));
}

inline const std::string end_of_track = bytes({0, 0xff, 0x2f, 0});

inline std::string track(std::string_view events) {
  return chunk("MTrk", std::string(events) + end_of_track);
}

/// One quarter note of middle C.
inline const std::string middle_c = bytes({0, 0x90, 60, 64, 96, 0x80, 60, 64});

inline std::string file_of(std::string_view events, int format = 0) {
  return header(format, 1) + track(events);
}

}  // namespace unroll::midi_test
