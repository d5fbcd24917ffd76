#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace unroll {

/// The bytes of an event file, as TensorBoard reads it: TFRecords, each a protobuf message `Event`
/// (tensorflow/core/util/event.proto). All events have the time 0, so that equal values give equal bytes.
class EventFile {
 public:
  EventFile();

  /// A point of the curve `tag`.
  void add(std::string_view tag, std::int64_t step, double value);
  const std::string& bytes() const { return bytes_; }

 private:
  void add_record(const std::string& event);

  std::string bytes_;
};

/// CRC-32C of `bytes`, masked as TFRecords have it.
std::uint32_t masked_crc(std::string_view bytes);

}  // namespace unroll
