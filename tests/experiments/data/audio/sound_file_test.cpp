#include "experiments/data/audio/sound_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "experiments/data/data_error.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/sounds.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

const std::vector<double> ramp = {0, 0.25, -0.5, 0.75, -1, 0.125};

std::string refusal(const std::string& bytes, const std::string& name = "a.wav") {
  return error_of<DataError>([&] { read_sound(bytes, name); });
}

/// `bytes` with others from a place on.
std::string with(std::string bytes, std::size_t at, const std::string& others) {
  return bytes.replace(at, others.size(), others);
}

}  // namespace

TEST_CASE("[sound] WAV of 8, 16, 24 and 32 bits and of floats holds the samples that were written") {
  for (const int bits : {8, 16, 24, 32}) {
    CAPTURE(bits);
    const Sound sound = read_sound(wav(ramp, {.rate = 11025, .bits = bits}), "a.wav");
    CHECK(sound.rate == 11025);
    CHECK(sound.channels == 1);
    REQUIRE(sound.samples.size() == ramp.size());
    for (std::size_t n = 0; n < ramp.size(); ++n)
      CHECK(static_cast<double>(sound.samples[n]) == doctest::Approx(ramp[n]).epsilon(0.0001));
  }
  const Sound floats = read_sound(wav(ramp, {.bits = 32, .floats = true}), "a.wav");
  for (std::size_t n = 0; n < ramp.size(); ++n) CHECK(static_cast<double>(floats.samples[n]) == ramp[n]);
  CHECK(floats.seconds() == doctest::Approx(6.0 / 8000));
}

TEST_CASE("[sound] several channels are mixed down to their mean") {
  const Sound sound = read_sound(wav(ramp, {.channels = 2}), "a.wav");
  CHECK(sound.channels == 2);
  REQUIRE(sound.samples.size() == 3);
  CHECK(static_cast<double>(sound.samples[0]) == doctest::Approx(0.125));
  CHECK(static_cast<double>(sound.samples[1]) == doctest::Approx(0.125));
  CHECK(static_cast<double>(sound.samples[2]) == doctest::Approx(-0.4375));
}

TEST_CASE("[sound] a program that writes to a pipe knows no sizes, and its sound is read to the end") {
  const std::string bytes = wav(ramp);
  for (const std::uint64_t size : {0xffffffffULL, 0x7ffff000ULL, 0x7fffffffULL}) {
    const std::string streamed = with(with(bytes, 4, little_endian(size, 4)), 40, little_endian(size, 4));
    CHECK(read_sound(streamed, "-").samples.size() == ramp.size());
  }
}

TEST_CASE("[sound] what is no sound is refused, with the name, the place and the likely cause") {
  const std::string good = wav(ramp), longer = wav(std::vector<double>(400, 0.1));
  struct Bad {
    std::string bytes, name, message;
  };
  const std::string nan = wav({0, std::numeric_limits<double>::quiet_NaN()}, {.bits = 32, .floats = true});
  for (const Bad& bad : std::vector<Bad>{
           {"", "a.wav", "a.wav: expected a recording, found an empty file"},
           {"RIFF", "a.wav",
            "a.wav: byte 4: cut short: its first 12 bytes needs 12 bytes, but the file ends at byte 4; was "
            "the "
            "recording or copy complete?"},
           {good.substr(0, 20), "a.wav",
            "a.wav: byte 12: cut short: a chunk \"fmt \" of 16 bytes needs 36 bytes, but the file ends at "
            "byte 20; "
            "was the recording or copy complete?"},
           {longer.substr(0, 500), "a.wav",
            "a.wav: byte 36: cut short: a chunk \"data\" of 800 bytes needs 844 bytes, but the file ends at "
            "byte "
            "500; was the recording or copy complete?"},
           {good.substr(0, 36), "a.wav",
            "a.wav: byte 36: expected a chunk \"data\" with the samples, found the end of the file"},
           {wav({}), "a.wav", "a.wav: byte 36: the file has no samples: its chunk \"data\" is empty"},
           {with(good, 24, little_endian(0, 4)), "a.wav",
            "a.wav: byte 24: the sample rate is 0, expected samples per second, 8000 for example"},
           {with(good, 24, little_endian(10, 4)), "a.wav",
            "a.wav: the sample rate is 10 Hz, expected 1000 to 768000"},
           {"fLaC and more", "a.wav",
            "a.wav: expected a WAV file, as its name says, found FLAC: rename it, or convert it"},
           {"ID3 and more", "loud.WAV",
            "loud.WAV: expected a WAV file, as its name says, found MP3: rename it, or convert it"},
           {nan, "a.wav", "a.wav: sample 1 is nan, expected finite numbers"},
       }) {
    CAPTURE(bad.message);
    CHECK(refusal(bad.bytes, bad.name) == bad.message);
  }
  CHECK(contains(refusal("a text", "a.flac"), "a.flac: expected WAV, FLAC or Ogg Vorbis: "));
  const std::string mp3 = refusal(wav(ramp, {.tag = 0x55}));
  CHECK_MESSAGE(contains(mp3, "a.wav: "), mp3);
  CHECK(refusal(good) == "(no error)");
}

TEST_CASE("[sound] names of recordings are told by their ends, in any case") {
  for (const char* name : {"a.wav", "b/A.WAV", "x.flac", "x.ogg", "x.oga"}) CHECK(is_sound_name(name));
  for (const char* name : {"a.mp3", "wav", "a.wav.txt", "a.csv", ""}) CHECK_FALSE(is_sound_name(name));
}
