#include "experiments/export/event_file.hpp"

#include <doctest/doctest.h>

using namespace unroll;

using namespace std::string_literals;

TEST_CASE("[export] the checksum is CRC-32C, masked as TFRecords have it") {
  const auto masked = [](std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xA282EAD8u; };
  CHECK(masked_crc("123456789") == masked(0xE3069283));              // the catalogue's check value
  CHECK(masked_crc(std::string(32, '\0')) == masked(0x8A9136AA));    // RFC 3720, B.4
  CHECK(masked_crc(std::string(32, '\xff')) == masked(0x62A8AB43));  // the same
  CHECK(masked_crc("\x18\0\0\0\0\0\0\0"s) == 0x224B7FA3);            // as TensorFlow's own files begin
}

TEST_CASE("[export] an event file begins with its version, and a point is a tag, a step and a float") {
  EventFile file;
  const std::string head = "\x0F\0\0\0\0\0\0\0"s;  // 15 bytes
  const std::string version =
      "\x1A\x0D"
      "brain.Event:2"s;
  const std::string begin = file.bytes();
  CHECK(begin.size() == 8 + 4 + 15 + 4);
  CHECK(begin.substr(0, 8) == head);
  CHECK(begin.substr(12, 15) == version);
  file.add("loss", 300, 0.5);
  const std::string added = file.bytes().substr(begin.size());
  // step 300 is the varint AC 02; summary 5 { value 1 { tag 1 "loss", simple_value 2 0.5 } }
  const std::string event = "\x10\xAC\x02\x2A\x0D\x0A\x0B\x0A\x04loss\x15\0\0\0\x3F"s;
  CHECK(added.substr(0, 8) == std::string(1, static_cast<char>(event.size())) + std::string(7, '\0'));
  CHECK(added.substr(12, event.size()) == event);
  CHECK(added.size() == 16 + event.size());
}

TEST_CASE("[export] steps of any size are kept, and a step of 0 is left out as protobuf does") {
  EventFile zero, large;
  zero.add("x", 0, 1);
  large.add("x", std::int64_t{1} << 53, 1);
  CHECK(zero.bytes().substr(31 + 12, 1) == "\x2A");
  CHECK(large.bytes().substr(31 + 12, 9) == "\x10\x80\x80\x80\x80\x80\x80\x80\x10"s);
}
