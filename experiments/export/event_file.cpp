#include "experiments/export/event_file.hpp"

#include <bit>
#include <boost/crc.hpp>

namespace unroll {
namespace {

// ---- The wire format of protobuf (https://protobuf.dev/programming-guides/encoding) ----

enum class Wire { varint = 0, bytes = 2, fixed32 = 5 };

void put_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to += static_cast<char>(value | 0x80);
  to += static_cast<char>(value);
}

template <class Bits>
void put_little_endian(std::string& to, Bits bits) {
  for (std::size_t i = 0; i < sizeof bits; ++i) to += static_cast<char>(bits >> (8 * i));
}

void put_head(std::string& to, int field, Wire wire) {
  put_varint(to, static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
}

void put_bytes(std::string& to, int field, std::string_view bytes) {
  put_head(to, field, Wire::bytes);
  put_varint(to, bytes.size());
  to += bytes;
}

// ---- The messages: Event { step = 2, file_version = 3, summary = 5 }, Summary { value = 1 },
// ---- Summary.Value { tag = 1, simple_value = 2 }

/// Its time is 0, which protobuf leaves out, as it does a step of 0.
std::string event_at(std::int64_t step) {
  std::string event;
  if (step == 0) return event;
  put_head(event, 2, Wire::varint);
  put_varint(event, static_cast<std::uint64_t>(step));
  return event;
}

std::string summary_of(std::string_view tag, double value) {
  std::string point;
  put_bytes(point, 1, tag);
  put_head(point, 2, Wire::fixed32);
  put_little_endian(point, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  std::string summary;
  put_bytes(summary, 1, point);
  return summary;
}

}  // namespace

std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = crc.checksum();
  return std::rotr(sum, 15) + 0xA282EAD8u;
}

EventFile::EventFile() {
  std::string event = event_at(0);
  put_bytes(event, 3, "brain.Event:2");
  add_record(event);
}

void EventFile::add(std::string_view tag, std::int64_t step, double value) {
  std::string event = event_at(step);
  put_bytes(event, 5, summary_of(tag, value));
  add_record(event);
}

/// Its length, the checksum of that, the event and its checksum.
void EventFile::add_record(const std::string& event) {
  std::string length;
  put_little_endian(length, std::uint64_t{event.size()});
  bytes_ += length;
  put_little_endian(bytes_, masked_crc(length));
  bytes_ += event;
  put_little_endian(bytes_, masked_crc(event));
}

}  // namespace unroll
