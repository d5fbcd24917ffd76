#include "experiments/report/packed.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

using namespace unroll;

namespace {

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned held = 0;
  int bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    held = held << 6 | static_cast<unsigned>(digits.find(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xff);
  }
  return bytes;
}

std::string unpacked(const std::string& text, std::size_t size) {
  const std::string bytes = from_base64(text);
  std::string out(size, '\0');
  uLongf length = size;
  REQUIRE(uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                     reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) == Z_OK);
  REQUIRE(length == size);
  return out;
}

}  // namespace

TEST_CASE("[packed] a text of any length comes back") {
  std::string text;
  for (int length = 0; length < 300; ++length) {
    const std::string page = packed(text);
    CHECK(page.size() % 4 == 0);
    CHECK(unpacked(page, text.size()) == text);
    text += static_cast<char>(length * 37);
  }
  const std::string large(3'000'000, 'x');
  CHECK(unpacked(packed(large), large.size()) == large);
}
